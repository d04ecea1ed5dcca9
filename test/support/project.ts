/**
 * Whether the suites run in the project `live` of vitest.config.ts: on the real MinIO, PostgreSQL
 * and MLflow that `npm run test:live` has started, instead of the stand-ins.
 */
export const isLive = process.env['TEST_SERVICES'] === 'live';
