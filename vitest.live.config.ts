import { defineConfig } from 'vitest/config';

/** Suites on real services; `npm run test:live` starts them. */
export default defineConfig({
  test: {
    include: ['test/live/**/*.test.ts'],
    globalSetup: ['test/support/build-worker.ts'],
    // One server of each kind for all suites, on machines with few cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
