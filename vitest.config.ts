import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

/** The bundle that would be deployed, made once for all suites that run it in workerd. */
const WORKER_BUILD = 'test/support/build-worker.ts';
const WORKER = 'test/worker/**/*.test.ts';
const CONTRACT = 'test/contract/**/*.test.ts';

/** Suites that need nothing but Node and npm: `npm test`. */
const ANYWHERE: TestProjectConfiguration[] = [
  { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
  { extends: true, test: { name: 'contract', include: [CONTRACT] } },
  { extends: true, test: { name: 'worker', include: [WORKER], globalSetup: [WORKER_BUILD] } },
];

/** `npm start` killed, starved and on a full disk, which wants the right to mount one. */
const STACK: TestProjectConfiguration = {
  extends: true,
  test: { name: 'stack', include: ['test/stack/**/*.test.ts'] },
};

/**
 * The same contracts and Worker's suites on MinIO, PostgreSQL and MLflow. It is there when somebody
 * says where those are, as `npm run test:live` does.
 */
const LIVE: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'live',
    include: [CONTRACT, WORKER, 'test/live/**/*.test.ts'],
    globalSetup: [WORKER_BUILD],
    // Read by test/support/project.ts.
    env: { TEST_SERVICES: 'live' },
    // One server of each kind for all suites, on machines with few cores.
    fileParallelism: false,
    sequence: { groupOrder: 1 },
    testTimeout: 120_000,
  },
};

export default defineConfig({
  test: {
    projects: [...ANYWHERE, STACK, ...(process.env['LIVE_MLFLOW_URL'] ? [LIVE] : [])],
    // What is dear to load (PGlite, Miniflare) is loaded once for all files of a process. Each file
    // passes alone and after any other: `npx vitest run --project worker --sequence.shuffle.files`.
    isolate: false,
    // Nothing is timed: a busy machine with few cores may take several times as long as a quiet
    // one.
    testTimeout: 90_000,
    hookTimeout: 180_000,
    // Each worker file starts a workerd of its own; more than two at once only fight for the cores.
    maxWorkers: 2,
  },
});
