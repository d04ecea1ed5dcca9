import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Live suites need real services, and full disks the right to mount one: `npm run test:live`
    // runs those.
    exclude: ['test/live/**', 'test/stack/full-disk.test.ts', 'node_modules/**'],
    globalSetup: ['test/support/build-worker.ts'],
    // Nothing is timed: a busy machine with few cores may take several times as long as a quiet
    // one.
    testTimeout: 90_000,
    hookTimeout: 180_000,
    // Each worker file starts a workerd of its own; more than two at once only fight for the cores.
    maxWorkers: 2,
  },
});
