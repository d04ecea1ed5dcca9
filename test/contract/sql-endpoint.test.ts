import { isLive } from '../support/project.ts';
import { describeSqlEndpoint } from './sql-endpoint.contract.ts';
import { openOnPglite, openOnPostgres, SETTINGS_ELSEWHERE } from './sql-endpoints.ts';

if (isLive) {
  describeSqlEndpoint('PostgreSQL', () => openOnPostgres([]));
  describeSqlEndpoint('PostgreSQL with settings of its own', () =>
    openOnPostgres(SETTINGS_ELSEWHERE),
  );
} else describeSqlEndpoint('embedded PGlite', openOnPglite);
