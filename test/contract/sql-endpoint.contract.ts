import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlStateOf } from '../../src/storage/database-errors.ts';
import { createDatabase } from '../../src/storage/database.ts';
import type { SqlEndpointUnderTest } from './sql-endpoints.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- JSON that tests look into freely
type Loose = any;

interface Answer {
  readonly status: number;
  readonly body: Loose;
}

/**
 * What every endpoint that speaks Neon's protocol does, whatever stands behind it. Works in tables
 * of its own.
 */
export function describeSqlEndpoint(name: string, open: () => Promise<SqlEndpointUnderTest>): void {
  describe(`SQL endpoint: ${name}`, () => {
    let endpoint: SqlEndpointUnderTest;
    const table = `contract_${process.pid}_${Date.now()}`;

    async function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: {
          'neon-connection-string': endpoint.databaseUrl,
          'neon-raw-text-output': 'true',
          'neon-array-mode': 'true',
          ...headers,
        },
      });
      return { status: response.status, body: await response.json() };
    }
    const rowsOf = async (query: string, params: unknown[] = []) =>
      (await post({ query, params })).body.rows;

    beforeAll(async () => {
      endpoint = await open();
      await post({
        query: `create table ${table} (id serial primary key, n int unique, t varchar(3), j jsonb)`,
      });
    });
    afterAll(async () => {
      await post({ query: `drop table ${table}` });
      await endpoint.close();
    });

    it.each([
      ['9007199254740993::int8', '9007199254740993'],
      ['1.50::numeric(5,2)', '1.50'],
      ["timestamptz '2025-11-15 13:54:31.981650+02'", '2025-11-15 11:54:31.98165+00'],
      ["timestamp '2025-11-15 13:54:31'", '2025-11-15 13:54:31'],
      ["date '2025-11-15'", '2025-11-15'],
      [`'{"b":1,  "a":[1.0,null]}'::jsonb`, '{"a": [1.0, null], "b": 1}'],
      [`array['x', 'y,"z', null]`, String.raw`{x,"y,\"z",NULL}`],
      [String.raw`'\x00ff'::bytea`, String.raw`\x00ff`],
      ['true', 't'],
      ['0.1::float8 + 0.2::float8', '0.30000000000000004'],
      ["interval '1 day 2 hours'", '1 day 02:00:00'],
      ["'ab'::char(4)", 'ab  '],
      ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      ['null::int', null],
    ])('prints %s as %s', async (expression, text) => {
      expect(await rowsOf(`select ${expression}`)).toEqual([[text]]);
    });

    it('names columns and types, and counts rows', async () => {
      const { body } = await post({ query: 'select 1::int4 as a, $1::text as b', params: ['x'] });
      expect(body).toMatchObject({
        command: 'SELECT',
        rowCount: 1,
        rowAsArray: true,
        rows: [['1', 'x']],
      });
      expect(body.fields.map((field: Loose) => [field.name, field.dataTypeID])).toEqual([
        ['a', 23],
        ['b', 25],
      ]);
    });

    it('gives objects without array mode, and JSON values without raw text', async () => {
      const { body } = await post(
        { query: `select 1::int4 as a, true as b, '{"c":[1]}'::jsonb as d, 1.50::numeric as e` },
        { 'neon-array-mode': 'false', 'neon-raw-text-output': 'false' },
      );
      expect(body.rows).toEqual([{ a: 1, b: true, d: { c: [1] }, e: '1.50' }]);
    });

    it('takes null, numbers, booleans, arrays and objects as parameters', async () => {
      expect(
        await rowsOf('select $1::text, $2::int, $3::bool, $4::text[], $5::jsonb', [
          null,
          7,
          true,
          ['a"b', null],
          { k: 1 },
        ]),
      ).toEqual([[null, '7', 't', String.raw`{"a\"b",NULL}`, '{"k": 1}']]);
    });

    it('takes as parameters what it prints, without a loss', async () => {
      const given = [
        '9007199254740993',
        '1.50',
        '2025-11-15 11:54:31.98165+00',
        String.raw`\x00ff`,
        '{1,NULL,-9223372036854775808}',
      ];
      const query = 'select $1::int8, $2::numeric(5,2), $3::timestamptz, $4::bytea, $5::int8[]';
      expect(await rowsOf(query, given)).toEqual([given]);
    });

    it.each([
      ['several statements in one text', 'select 1; select 2', '42601'],
      ['an unknown table', 'select * from no_such_table', '42P01'],
      ['division by zero', 'select 1/0', '22012'],
      ['text that is no number', "select 'x'::int", '22P02'],
    ])('answers %s with HTTP 400 and the SQLSTATE', async (_, query, code) => {
      const { status, body } = await post({ query });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code, severity: 'ERROR', message: expect.any(String) });
    });

    it('says where the mistake is, and which constraint it was', async () => {
      expect((await post({ query: 'select nope' })).body).toMatchObject({
        code: '42703',
        position: '8',
      });
      await post({ query: `insert into ${table} (n) values (1)` });
      const { body } = await post({ query: `insert into ${table} (n) values (1)` });
      expect(body).toMatchObject({ code: '23505', table, constraint: `${table}_n_key` });
      expect(body.detail).toContain('(n)=(1)');
    });

    it('refuses U+0000 in a text', async () => {
      expect((await post({ query: 'select $1::text', params: ['a\0b'] })).body.code).toBe('22021');
    });

    it('runs a batch as one transaction, or not at all', async () => {
      const both = await post({
        queries: [
          { query: `insert into ${table} (n) values ($1) returning n`, params: [10] },
          { query: `select count(*) from ${table} where n = 10` },
        ],
      });
      expect(both.body.results.map((result: Loose) => result.rows)).toEqual([[['10']], [['1']]]);
      const failed = await post({
        queries: [{ query: `insert into ${table} (n) values (11)` }, { query: 'select 1/0' }],
      });
      expect([failed.status, failed.body.code]).toEqual([400, '22012']);
      expect(await rowsOf(`select count(*) from ${table} where n = 11`)).toEqual([['0']]);
    });

    it('honours isolation level and read-only of a batch', async () => {
      const { body } = await post(
        { queries: [{ query: 'show transaction_isolation' }] },
        {
          'neon-batch-isolation-level': 'Serializable',
          'neon-batch-read-only': 'true',
          'neon-batch-deferrable': 'true',
        },
      );
      expect(body.results[0].rows).toEqual([['serializable']]);
      for (const [name, level] of [
        ['ReadUncommitted', 'read uncommitted'],
        ['ReadCommitted', 'read committed'],
        ['RepeatableRead', 'repeatable read'],
        ['Serializable', 'serializable'],
      ] as const) {
        const batch = { queries: [{ query: 'show transaction_isolation' }] };
        const shown = await post(batch, { 'neon-batch-isolation-level': name });
        expect(shown.body.results[0].rows).toEqual([[level]]);
      }
      const refused = await post(
        { queries: [{ query: `insert into ${table} (n) values (12)` }] },
        { 'neon-batch-read-only': 'true' },
      );
      expect(refused.body.code).toBe('25006');
      expect((await post({ queries: [] }, { 'neon-batch-isolation-level': 'Chaos' })).status).toBe(
        400,
      );
    });

    it('lets nothing of a session reach the next request', async () => {
      await post({ query: "set time zone 'Asia/Tokyo'" });
      await post({ query: "select set_config('search_path', 'nowhere', false)" });
      await post({ query: 'begin' });
      await post({ query: `insert into ${table} (n) values (20)` });
      await post({ query: 'rollback' });
      expect(await rowsOf('show time zone')).toEqual([['UTC']]);
      expect(await rowsOf(`select count(*) from ${table} where n = 20`)).toEqual([['1']]);
    });

    it('keeps concurrent batches apart', async () => {
      const statement = { query: `insert into ${table} (t) values ('c') returning id` };
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post({ queries: [statement, statement] })),
      );
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(await rowsOf(`select count(*) from ${table} where t = 'c'`)).toEqual([['40']]);
    });

    it.each([
      ['another password', (url: URL) => (url.password = 'wrong'), '28P01'],
      ['another user', (url: URL) => (url.username = 'nobody'), '28P01'],
      ['another database', (url: URL) => (url.pathname = '/elsewhere'), '3D000'],
    ])('refuses %s', async (_, change, code) => {
      const url = new URL(endpoint.databaseUrl);
      change(url);
      const { status, body } = await post(
        { query: 'select 1' },
        { 'neon-connection-string': url.href },
      );
      expect([status, body.code]).toEqual([400, code]);
    });

    it.each([
      ['{'],
      ['[]'],
      ['null'],
      ['{"query": 1}'],
      ['{"query": "select 1", "params": {}}'],
      ['{"queries": 1}'],
    ])('refuses the body %s', async (body) => {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toEqual(expect.any(String));
    });

    it('carries a snapshot of 5,000 bars both ways through the product’s own client', async () => {
      const database = createDatabase({
        databaseUrl: endpoint.databaseUrl,
        httpEndpoint: endpoint.url,
      });
      const bars = Array.from({ length: 5000 }, (_, i) => ({
        date: '2020-01-01',
        open: i + 0.1,
        volume: i * 1000,
      }));
      await database.execute(
        sql`insert into ${sql.raw(table)} (t, j) values ('big', ${JSON.stringify({ bars })}::jsonb)`,
      );
      const { rows } = await database.execute(sql`select j from ${sql.raw(table)} where t = 'big'`);
      expect((rows[0] as Loose).j.bars).toEqual(bars);
      const failure = await database
        .execute(sql`insert into ${sql.raw(table)} (t) values ('long')`)
        .catch((e) => e);
      expect(sqlStateOf(failure)).toBe('22001');
    });
  });
}
