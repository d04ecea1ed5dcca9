import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Live suites need real services; `npm run test:live` names them itself.
    exclude: ['test/live/**', 'node_modules/**'],
    globalSetup: ['test/support/build-worker.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each worker file starts a workerd of its own; more than two at once only fight for the cores.
    maxWorkers: 2,
  },
});
