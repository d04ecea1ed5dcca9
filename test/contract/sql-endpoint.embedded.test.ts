import { PgliteBackend } from '../../stand-in/sql/pglite-backend.ts';
import { startSqlEndpoint } from '../../stand-in/sql/server.ts';
import { describeSqlEndpoint } from './sql-endpoint.contract.ts';

const databaseUrl = 'postgresql://chartproof:chartproof@127.0.0.1/chartproof';

describeSqlEndpoint('embedded PGlite', async () => {
  const backend = await PgliteBackend.open();
  const server = await startSqlEndpoint({ backend, host: '127.0.0.1', port: 0, databaseUrl });
  return {
    url: server.url,
    databaseUrl,
    close: async () => {
      await server.close();
      await backend.close();
    },
  };
});
