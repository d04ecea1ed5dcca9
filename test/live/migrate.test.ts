import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLiveDatabase, queryOnce } from '../support/live-services.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** As people run it. */
function runMigrate(databaseUrl: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/migrate.ts'], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: databaseUrl, NODE_OPTIONS: '' },
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

describe('npm run migrate', () => {
  let database: Awaited<ReturnType<typeof createLiveDatabase>>;
  beforeEach(async () => {
    database = await createLiveDatabase();
  });
  afterEach(() => database.drop());
  const query = (sql: string) => queryOnce(database.databaseUrl, sql);
  const migrate = () => runMigrate(database.databaseUrl);
  const columns = () =>
    query(`select column_name, data_type, character_maximum_length, is_nullable, column_default
      from information_schema.columns where table_name = 'artifacts' order by ordinal_position`);

  it('makes everything, and has nothing to do then', async () => {
    expect(await migrate()).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Applied \d+ migration/),
    });
    expect(await migrate()).toMatchObject({
      code: 0,
      output: expect.stringContaining('Nothing to do'),
    });
  });

  it('names every column that is missing or of another type, changes none, and its statements help', async () => {
    await query(`create table artifacts (id serial primary key, name text, type varchar(50), symbol varchar(10),
      confidence text, artifact_metadata json, created_at timestamp, team_note text)`);
    await query(
      "insert into artifacts (symbol, confidence, created_at) values ('A', '0.5', '2024-01-02 03:04')",
    );
    const before = await columns();
    const first = await migrate();
    expect(first.code).toBe(1);
    expect(first.output).toMatch(/Applied \d+ migration\(s\), but Chartproof cannot work yet/);
    expect(first.output).toContain(
      'column "symbol" is character varying(10) and must be varchar(50)',
    );
    expect(first.output).toContain('column "prompt" is missing (text)');
    expect(first.output).not.toContain('"name"');
    expect(await columns()).toEqual(before);

    const second = await migrate();
    expect([second.code, second.output.includes('Applied')]).toEqual([1, false]);
    const statements = second.output.match(/^ {2}alter table .*;$/gm) ?? [];
    expect(statements.length).toBe(22);
    for (const statement of statements)
      await query(`set timezone to 'Asia/Kathmandu'; ${statement}`);
    expect(await migrate()).toMatchObject({ code: 0 });
    expect(
      await query("select (created_at at time zone 'UTC')::text as at, confidence from artifacts"),
    ).toEqual([{ at: '2024-01-02 03:04:00', confidence: '0.50' }]);
  });

  it('says that its table is gone, and makes it again', async () => {
    await migrate();
    await query('drop table artifacts');
    expect(await migrate()).toMatchObject({
      code: 1,
      output: expect.stringContaining('drop the schema "drizzle"'),
    });
    await query('drop schema drizzle cascade');
    expect(await migrate()).toMatchObject({ code: 0 });
  });
});
