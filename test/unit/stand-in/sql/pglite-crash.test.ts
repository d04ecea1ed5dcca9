import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PgliteBackend } from '../../../../stand-in/sql/pglite-backend.ts';

const DEEP = `${'{"a":'.repeat(7_000)}1${'}'.repeat(7_000)}`;
const PLAIN = { isolation: null, readOnly: false, deferrable: false };
let directory: string;
let backend: PgliteBackend;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-crash-'));
  backend = await PgliteBackend.open(join(directory, 'postgres'));
  await run('create table kept (id int primary key, body jsonb)');
});
afterAll(async () => {
  await backend.close();
  await rm(directory, { recursive: true, force: true });
});

const run = async (query: string, ...params: string[]) =>
  (await backend.query({ query, params })).rows;
/** A stack as deep as a server has, so that PostgreSQL does not notice in time. */
const forgetLimit = () => backend.pglite.exec(`set max_stack_depth = '2MB'`);

describe('a statement that exhausts the stack', () => {
  it.each([1, 2, 3])('is refused, and what was committed is there (time %i)', async (time) => {
    await run('insert into kept values ($1, null)', String(time));
    await forgetLimit();
    await expect(run('insert into kept values (-1, $1)', DEEP)).rejects.toMatchObject({
      code: '54001',
    });
    expect(await run('select count(*) from kept')).toEqual([[String(time)]]);
  });

  it('takes its whole transaction with it, and those that wait go on', async () => {
    await forgetLimit();
    const batch = backend.transaction(
      [
        { query: 'insert into kept values (-2, null)', params: [] },
        { query: 'insert into kept values (-3, $1)', params: [DEEP] },
      ],
      PLAIN,
    );
    const next = run('insert into kept values (4, null) returning id');
    await expect(batch).rejects.toMatchObject({ code: '54001' });
    expect(await next).toEqual([['4']]);
    expect(await run('select id from kept order by id')).toEqual([['1'], ['2'], ['3'], ['4']]);
  });

  it('is refused with the limit that the backend sets as well', async () => {
    await expect(run('insert into kept values (-4, $1)', DEEP)).rejects.toMatchObject({
      code: '54001',
    });
    expect(await run('show max_stack_depth')).toEqual([['100kB']]);
  });

  it.runIf(process.platform === 'linux')('leaves no file open', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const crash = async () => {
      await forgetLimit();
      await run('select $1::jsonb', DEEP).catch(() => {});
      await run('select count(*) from kept');
    };
    await crash();
    const before = open();
    for (let i = 0; i < 4; i += 1) await crash();
    expect(open()).toBeLessThan(before + 8);
  });
});
