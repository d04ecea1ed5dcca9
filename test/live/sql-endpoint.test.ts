import { Pool } from 'pg';
import { PostgresBackend } from '../../stand-in/sql/postgres-backend.ts';
import { startSqlEndpoint } from '../../stand-in/sql/server.ts';
import { describeSqlEndpoint } from '../contract/sql-endpoint.contract.ts';
import { createLiveDatabase } from '../support/live-services.ts';

/** Settings of a server somewhere else; whoever asks gets the same answers. */
const ELSEWHERE = [
  "timezone to 'Asia/Kathmandu'",
  "datestyle to 'SQL, DMY'",
  "bytea_output to 'escape'",
];

async function open(settings: readonly string[]) {
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

describeSqlEndpoint('PostgreSQL', () => open([]));
describeSqlEndpoint('PostgreSQL with settings of its own', () => open(ELSEWHERE));
