import { PlainError } from '../stand-in/plain-error.ts';
import { runScript } from './command/run-script.ts';
import { migratePostgres } from './migrate/migrate-postgres.ts';

const HELP = `npm run migrate: brings a PostgreSQL up to date.

  DATABASE_URL=postgresql://user:password@host:5432/database npm run migrate

Creates what is missing and can run twice. An artifacts table that is already there is never changed; when columns are missing
or have other types, all of them are named, with the statements that would help, and the exit code is 1.
On Neon use the direct address, not the pooled one. The embedded database of npm start migrates itself.`;

runScript(async () => {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(HELP);
    return;
  }
  const databaseUrl = process.env['DATABASE_URL'] ?? '';
  if (!/^postgres(ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl)) {
    throw new PlainError(
      databaseUrl === ''
        ? 'DATABASE_URL is missing: DATABASE_URL=postgresql://user:password@host:5432/database npm run migrate'
        : 'DATABASE_URL must look like postgresql://user:password@host:5432/database.',
    );
  }
  console.log(`Migrating ${new URL(databaseUrl).host} …`);
  const applied = await migratePostgres(databaseUrl);
  console.log(
    applied === 0
      ? 'Nothing to do: the database is up to date.'
      : `Applied ${applied} migration(s).`,
  );
});
