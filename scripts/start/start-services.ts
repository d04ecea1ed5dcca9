import { dirname, join } from 'node:path';
import { diskFault } from '../../stand-in/disk-room.ts';
import { assertFree } from '../../stand-in/listen.ts';
import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { PlainError } from '../../stand-in/plain-error.ts';
import { startS3Server } from '../../stand-in/s3/server.ts';
import { PgliteBackend } from '../../stand-in/sql/pglite-backend.ts';
import { PostgresBackend } from '../../stand-in/sql/postgres-backend.ts';
import { startSqlEndpoint } from '../../stand-in/sql/server.ts';
import { startTokenIssuer } from '../../stand-in/tokens/server.ts';
import { migratePostgres } from '../migrate/migrate-postgres.ts';
import { ensureBucket } from '../seed/ensure-bucket.ts';
import type { StartOptions } from './start-options.ts';

const HOST = '127.0.0.1';
const EMBEDDED_DATABASE_URL = 'postgresql://chartproof:chartproof@127.0.0.1/chartproof';
const EMBEDDED_KEY = 'minioadmin';
const MLFLOW_VARIABLES = [
  'MLFLOW_TRACKING_URI',
  'MLFLOW_UI_URL',
  'MLFLOW_EXPERIMENT_NAMES',
  'MLFLOW_USERNAME',
  'MLFLOW_PASSWORD',
  'MLFLOW_TOKEN',
  'MLFLOW_WORKSPACE',
];
export const LOCAL_SERVICE_TOKEN = 'local-service-token';

type Environment = Readonly<Record<string, string | undefined>>;

/** How one part is reached by the Worker and shown to people. */
export interface Part {
  readonly variables: Readonly<Record<string, string>>;
  readonly shown: string;
  readonly isEmbedded: boolean;
  close(): Promise<void>;
}

const nothing = async () => {};

/**
 * What the Worker is told of the database; known before the database is open, so that both start at
 * once.
 */
export function databaseVariables({ ports }: StartOptions, env: Environment) {
  const databaseUrl = env['DATABASE_URL'] || EMBEDDED_DATABASE_URL;
  const given = env['DATABASE_HTTP_ENDPOINT'] ?? '';
  const isDirect =
    given !== '' ||
    (URL.canParse(databaseUrl) && new URL(databaseUrl).hostname.endsWith('.neon.tech'));
  return {
    DATABASE_URL: databaseUrl,
    DATABASE_HTTP_ENDPOINT: isDirect ? given : `http://${HOST}:${ports.sql}/sql`,
  };
}

/** PGlite behind the SQL endpoint, or the database that DATABASE_URL names. */
export async function startDatabase(
  options: StartOptions,
  env: Environment,
  state: string,
): Promise<Part> {
  const variables = databaseVariables(options, env);
  const { DATABASE_URL: databaseUrl, DATABASE_HTTP_ENDPOINT: endpoint } = variables;
  const isEmbedded = !env['DATABASE_URL'];
  const host = URL.canParse(databaseUrl) ? new URL(databaseUrl).host : 'DATABASE_URL';
  if (!isEmbedded && options.migrate) await migratePostgres(databaseUrl);
  if (endpoint !== `http://${HOST}:${options.ports.sql}/sql`) {
    return { variables, shown: endpoint || host, isEmbedded, close: nothing };
  }
  const at = { host: HOST, port: options.ports.sql };
  await assertFree(at, { name: 'SQL endpoint', variable: 'SQL_PORT' });
  const backend = isEmbedded
    ? await openPglite(join(state, 'postgres'))
    : new PostgresBackend(databaseUrl);
  const server = await startSqlEndpoint({ backend, ...at, databaseUrl }).catch(
    async (error: unknown) => {
      await backend.close();
      throw error;
    },
  );
  const close = async () => {
    await server.close();
    await backend.close();
  };
  return {
    variables,
    shown: isEmbedded ? server.url : `${server.url} in front of ${host}`,
    isEmbedded,
    close,
  };
}

async function openPglite(directory: string): Promise<PgliteBackend> {
  try {
    const backend = await PgliteBackend.open(directory);
    await backend.migrate();
    // PGlite has no autovacuum: without it counting 100,000 rows takes several times as long.
    await backend.pglite.exec('vacuum analyze');
    return backend;
  } catch (error) {
    // PGlite does not tell what was wrong, and on a full disk nothing is lost.
    const fault = await diskFault(dirname(directory), { needsRoom: true });
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new PlainError(
      fault ??
        `The database in ${directory} cannot be opened (${reason}): move it away, or start over with npm start -- --fresh.`,
    );
  }
}

/** The embedded S3 server, or the store that MINIO_ENDPOINT names. */
export async function startStore(
  options: StartOptions,
  env: Environment,
  state: string,
): Promise<Part> {
  const region = env['MINIO_REGION'] || 'us-east-1';
  const buckets = (env['MINIO_BUCKETS'] || 'trading-charts').split(',').map((name) => name.trim());
  const endpoint = env['MINIO_ENDPOINT'];
  const common = { MINIO_REGION: region, MINIO_BUCKETS: buckets.join(',') };
  if (endpoint === undefined || endpoint === '') {
    const server = await startS3Server({
      directory: join(state, 's3'),
      host: HOST,
      port: options.ports.s3,
      accessKey: EMBEDDED_KEY,
      secretKey: EMBEDDED_KEY,
      region,
      buckets,
    });
    const variables = {
      ...common,
      MINIO_ENDPOINT: server.url,
      MINIO_PUBLIC_ENDPOINT: env['MINIO_PUBLIC_ENDPOINT'] || `http://localhost:${server.port}`,
      MINIO_ACCESS_KEY: EMBEDDED_KEY,
      MINIO_SECRET_KEY: EMBEDDED_KEY,
    };
    return {
      variables,
      shown: `${server.url}  ${EMBEDDED_KEY} / ${EMBEDDED_KEY}`,
      isEmbedded: true,
      close: server.close,
    };
  }
  const accessKeyId = needed(env, 'MINIO_ACCESS_KEY');
  const secretAccessKey = needed(env, 'MINIO_SECRET_KEY');
  if (options.seed)
    await ensureBucket({ endpoint, region, accessKeyId, secretAccessKey }, buckets[0] ?? '');
  const variables = {
    ...common,
    MINIO_ENDPOINT: endpoint,
    MINIO_PUBLIC_ENDPOINT: env['MINIO_PUBLIC_ENDPOINT'] || endpoint,
    MINIO_ACCESS_KEY: accessKeyId,
    MINIO_SECRET_KEY: secretAccessKey,
  };
  return { variables, shown: endpoint, isEmbedded: false, close: nothing };
}

/** The MLflow stand-in, or the tracking server that MLFLOW_TRACKING_URI names. */
export async function startMlflow(
  options: StartOptions,
  env: Environment,
  state: string,
): Promise<Part> {
  const given = Object.fromEntries(
    MLFLOW_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  );
  const trackingUri = env['MLFLOW_TRACKING_URI'];
  if (trackingUri !== undefined && trackingUri !== '') {
    const shown = URL.canParse(trackingUri) ? new URL(trackingUri).host : trackingUri;
    return { variables: given, shown, isEmbedded: false, close: nothing };
  }
  const server = await startMlflowServer({
    directory: join(state, 'mlflow'),
    host: HOST,
    port: options.ports.mlflow,
  });
  const variables = { ...given, MLFLOW_TRACKING_URI: server.url };
  return { variables, shown: server.url, isEmbedded: true, close: server.close };
}

/** The token issuer stand-in, or the issuer that JWKS_URL names. */
export async function startTokens(
  options: StartOptions,
  env: Environment,
  state: string,
): Promise<Part> {
  const jwksUrl = env['JWKS_URL'];
  if (jwksUrl !== undefined && jwksUrl !== '') {
    const variables = {
      JWKS_URL: jwksUrl,
      JWT_ISSUER: needed(env, 'JWT_ISSUER'),
      JWT_AUDIENCE: needed(env, 'JWT_AUDIENCE'),
    };
    return { variables, shown: jwksUrl, isEmbedded: false, close: nothing };
  }
  const issuer = env['JWT_ISSUER'] || `http://${HOST}:${options.ports.tokens}`;
  const audience = env['JWT_AUDIENCE'] || 'chartproof';
  const directory = join(state, 'tokens');
  const server = await startTokenIssuer({
    directory,
    host: HOST,
    port: options.ports.tokens,
    issuer,
    audience,
  });
  const variables = {
    JWKS_URL: `${server.url}/.well-known/jwks.json`,
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: audience,
  };
  return { variables, shown: `${server.url}/token`, isEmbedded: true, close: server.close };
}

function needed(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new PlainError(`${name} is missing: it belongs to the real service that is used.`);
  return value;
}
