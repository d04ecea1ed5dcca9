import { createDatabase } from '../src/storage/database.ts';
import { createS3ObjectStore } from '../src/storage/s3-object-store.ts';
import { PlainError } from '../stand-in/plain-error.ts';
import { PostgresBackend } from '../stand-in/sql/postgres-backend.ts';
import { startSqlEndpoint } from '../stand-in/sql/server.ts';
import { runScript } from './command/run-script.ts';
import { applySeed } from './seed/apply-seed.ts';
import { ensureBucket } from './seed/ensure-bucket.ts';
import { openRenderer } from './seed/open-renderer.ts';
import { runTarget } from './seed/seed-runs.ts';

const HELP = `npm run seed: fills an object store and a database with one artifact for every path an image can take.

  MINIO_ENDPOINT=http://127.0.0.1:9000 MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=… \\
  DATABASE_URL=postgresql://user:password@host:5432/database npm run seed

  MINIO_PUBLIC_ENDPOINT    base of the addresses that rows name (default: MINIO_ENDPOINT)
  MINIO_REGION             default us-east-1
  MINIO_BUCKETS            the first is filled, and made when it is missing (default: trading-charts)
  DATABASE_HTTP_ENDPOINT   where Neon's HTTP protocol is spoken (default: Neon's own, or straight to PostgreSQL)
  MLFLOW_TRACKING_URI      also add the runs of the seeded executions (default: no runs; MLFLOW_USERNAME and
                           MLFLOW_PASSWORD, or MLFLOW_TOKEN, where it wants them)

Can run twice: it adds what is missing and changes nothing that is there. docs/seed.md names every row.`;

runScript(async () => {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(HELP);
    return;
  }
  const endpoint = required('MINIO_ENDPOINT').replace(/\/+$/, '');
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint))
    throw new PlainError('MINIO_ENDPOINT must look like http://127.0.0.1:9000.');
  const databaseUrl = required('DATABASE_URL');
  if (!/^postgres(ql)?:/.test(databaseUrl) || !URL.canParse(databaseUrl))
    throw new PlainError(
      'DATABASE_URL must look like postgresql://user:password@host:5432/database.',
    );
  const [bucket = 'trading-charts'] = (process.env['MINIO_BUCKETS'] ?? 'trading-charts')
    .split(',')
    .map((name) => name.trim());
  const s3 = {
    endpoint,
    region: process.env['MINIO_REGION'] ?? 'us-east-1',
    accessKeyId: required('MINIO_ACCESS_KEY'),
    secretAccessKey: required('MINIO_SECRET_KEY'),
  };
  console.log(`Seeding ${endpoint}/${bucket} and ${new URL(databaseUrl).host} …`);
  await ensureBucket(s3, bucket);
  const sqlEndpoint = await openSqlEndpoint(databaseUrl);
  try {
    const report = await applySeed({
      database: createDatabase({ databaseUrl, httpEndpoint: sqlEndpoint.url }),
      store: createS3ObjectStore({ ...s3, buckets: [bucket] }),
      bucket,
      publicEndpoint: process.env['MINIO_PUBLIC_ENDPOINT'] || endpoint,
      mlflow: runTarget(process.env),
      renderer: openRenderer,
      say: (line) => console.log(line),
    });
    console.log(
      `Added ${report.added} artifacts and ${report.addedRuns} runs, already there ${report.kept}, objects put back ${report.restored.length}.`,
    );
    if (report.skipped.length > 0) {
      console.log(`Left alone, because other rows have these ids: ${report.skipped.join(', ')}.`);
    }
  } finally {
    await sqlEndpoint.close();
  }
});

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new PlainError(`${name} is missing. npm run seed -- --help lists what is needed.`);
  return value;
}

/**
 * The driver speaks HTTP; a plain PostgreSQL gets an endpoint of our own for as long as the seed
 * runs.
 */
async function openSqlEndpoint(
  databaseUrl: string,
): Promise<{ url: string | null; close: () => Promise<void> }> {
  const given = process.env['DATABASE_HTTP_ENDPOINT'];
  const nothing = async () => {};
  if (given !== undefined && given !== '') return { url: given, close: nothing };
  if (new URL(databaseUrl).hostname.endsWith('.neon.tech')) return { url: null, close: nothing };
  const backend = new PostgresBackend(databaseUrl);
  const server = await startSqlEndpoint({ backend, host: '127.0.0.1', port: 0, databaseUrl });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await backend.close();
    },
  };
}
