import { Pool } from 'pg';
import { PostgresBackend } from '../../stand-in/sql/postgres-backend.ts';
import { startSqlEndpoint } from '../../stand-in/sql/server.ts';
import { createLiveDatabase } from '../support/live-services.ts';
import { giveBackPglite, openPglite } from '../support/open-pglite.ts';

export interface SqlEndpointUnderTest {
  /** Where `POST /sql` is. */
  readonly url: string;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** Settings of a server somewhere else; whoever asks gets the same answers. */
export const SETTINGS_ELSEWHERE: readonly string[] = [
  "timezone to 'Asia/Kathmandu'",
  "datestyle to 'SQL, DMY'",
  "bytea_output to 'escape'",
];

export async function openOnPglite(): Promise<SqlEndpointUnderTest> {
  const databaseUrl = 'postgresql://chartproof:chartproof@127.0.0.1/chartproof';
  const backend = await openPglite();
  const server = await startSqlEndpoint({ backend, host: '127.0.0.1', port: 0, databaseUrl });
  return {
    url: server.url,
    databaseUrl,
    close: async () => {
      await server.close();
      await giveBackPglite(backend);
    },
  };
}

export async function openOnPostgres(settings: readonly string[]): Promise<SqlEndpointUnderTest> {
  const { databaseUrl, drop } = await createLiveDatabase();
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  const name = new URL(databaseUrl).pathname.slice(1);
  for (const setting of settings) await pool.query(`alter database ${name} set ${setting}`);
  await pool.end();
  const backend = new PostgresBackend(databaseUrl);
  const server = await startSqlEndpoint({ backend, host: '127.0.0.1', port: 0, databaseUrl });
  return {
    url: server.url,
    databaseUrl,
    close: async () => {
      await server.close();
      await backend.close();
      await drop();
    },
  };
}
