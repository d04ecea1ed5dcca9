/** What a developer, or `npm run test:live`, may have set for a stack of their own. */
const FOREIGN =
  /^(?:npm_|DATABASE_|MINIO_|MLFLOW_|AIRFLOW_|JWKS_|JWT_|LIVE_)|^(?:PORT|S3_PORT|SQL_PORT|TOKENS_PORT|SERVICE_TOKENS|READ_ACCESS|UNVERIFIED_OBJECTS|CORS_ORIGINS|LOCAL_STATE_DIR|DEPLOYMENT)$/;

/** The environment of a child whose services must be its own: nothing that names others is left. */
export function ownEnvironment(more: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...more };
}
