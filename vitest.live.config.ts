import { defineConfig } from 'vitest/config';

/** Suites on real services; `npm run test:live` starts them. */
export default defineConfig({
  test: {
    // The Worker's suites run once more, with MinIO and PostgreSQL under them; those of lineage
    // with MLflow as well.
    include: ['test/live/**/*.test.ts', 'test/worker/**/*.test.ts', 'test/stack/full-disk.test.ts'],
    exclude: ['test/worker/lineage*.test.ts', 'node_modules/**'],
    env: { STACK_SERVICES: 'live' },
    globalSetup: ['test/support/build-worker.ts'],
    // One server of each kind for all suites, on machines with few cores.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
