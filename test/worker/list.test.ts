import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cursorScope, writeCursor } from '../../src/catalog/page-cursor.ts';
import { startStack, type Stack } from '../support/stack.ts';

interface Wire {
  id: number;
  name: string;
  type: string;
  symbol: string | null;
  run_id: string | null;
  signal_data: { artifact_type?: string } | null;
  lineage: { status: string };
  metadata: unknown;
  created_at: string;
  [column: string]: unknown;
}
interface Page {
  artifacts: Wire[];
  total: number;
  next_cursor: string | null;
}
interface Problem {
  code: string;
  errors?: { field: string; message: string }[];
}

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/**
 * Rows as producers leave them: ties of time, name and symbol, no symbols, times of one microsecond
 * apart.
 */
async function fill(count: number): Promise<number[]> {
  const rows = await stack.query<{ id: number }>(
    `insert into artifacts (name, type, symbol, run_id, experiment_id, workflow_id, execution_id, dag_id, step_name, signal_data, artifact_metadata, created_at)
     select (array['Zebra','zebra','Äpfel','apple','100%','a_b','a\\b','naïve'])[1 + i % 8],
       (array['chart','llm','signal','signal','signal','signal'])[1 + i % 6],
       (array['AAPL','MSFT',null,'tsla','ÄÖ',null,'BRK.B'])[1 + i % 7],
       case when i % 5 < 2 then 'Run-' || i end, case when i % 5 = 0 then 'exp' end,
       (array['wf-a','wf-b',null])[1 + i % 3], case when i % 4 > 0 then 'exec-' || i % 9 end,
       'dag-' || i % 2, 'step-' || i % 3,
       case i % 6 when 3 then '{"artifact_type":"order"}' when 4 then '{"artifact_type":"trade"}' when 5 then '{"artifact_type":"portfolio"}' end::jsonb,
       '{"market_data_snapshot":{"bar_count":1,"bars":[{"date":"2025-01-01"}]}}',
       timestamptz '2025-11-15 13:54:31.981650+00' + (i / 3) * interval '1 microsecond'
     from generate_series(1, $1::int) i returning id`,
    [count],
  );
  return rows.map(({ id }) => id);
}

async function page(query: string): Promise<Page> {
  const response = await stack.fetch(`/api/artifacts?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return (await response.json()) as Page;
}

async function walk(
  query: string,
  limit: number,
  between?: (found: Wire[]) => Promise<void>,
): Promise<Wire[]> {
  const found: Wire[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { artifacts, next_cursor } = await page(`${query}&limit=${limit}${at}`);
    found.push(...artifacts);
    cursor = next_cursor;
    if (between !== undefined) await between(found);
  }
  return found;
}

async function problem(query: string): Promise<[number, string, string[] | undefined]> {
  const response = await stack.fetch(`/api/artifacts?${query}`);
  const { code, errors } = (await response.json()) as Problem;
  return [response.status, code, errors?.map(({ field }) => field)];
}

describe('GET /api/artifacts', () => {
  let all: Wire[];

  beforeAll(async () => {
    await fill(60);
    all = (await page('limit=500')).artifacts;
  });

  describe('pages', () => {
    it.each([
      '-created_at',
      'created_at',
      'name',
      '-name',
      'symbol',
      '-symbol',
      'type',
      '-type',
      'id',
      '-id',
    ])('by %s: every artifact once, as the database sorts them', async (sort) => {
      const column = sort.replace('-', '');
      const way = sort.startsWith('-') ? 'desc' : 'asc';
      const sorted = await stack.query<{ id: number }>(
        `select id from artifacts order by ${column} ${way} nulls last, id ${way}`,
      );
      const walked = await walk(`sort=${sort}`, 7);
      expect(walked.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
    });

    describe('while others write and delete', () => {
      afterEach(async () => {
        await stack.query('delete from artifacts');
        await fill(60);
        all = (await page('limit=500')).artifacts;
      });

      it.each(['-created_at', 'created_at', 'symbol', '-symbol', '-name', 'id'])(
        'by %s: nothing is told twice or left out',
        async (sort) => {
          const before = (await page(`sort=${sort}&limit=500`)).artifacts.map(({ id }) => id);
          const gone = new Set<number>();
          let rounds = 0;
          const walked = await walk(`sort=${sort}`, 9, async (found) => {
            rounds += 1;
            if (rounds > 6) return;
            await fill(4);
            const seen = new Set(found.map(({ id }) => id));
            const unseen = before.filter((id) => !seen.has(id) && !gone.has(id));
            const next = unseen[3];
            // The very row that the cursor names, and one that is still to come.
            await stack.query('delete from artifacts where id = any($1)', [
              [found.at(-1)?.id, next],
            ]);
            if (next !== undefined) gone.add(next);
          });
          const ids = walked.map(({ id }) => id);
          expect(gone.size).toBeGreaterThan(2);
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids.filter((id) => before.includes(id))).toEqual(
            before.filter((id) => !gone.has(id)),
          );
        },
      );
    });

    it('ends with a page that is exactly full', async () => {
      const first = await page('limit=30');
      const second = await page(`limit=30&cursor=${first.next_cursor}`);
      expect([first.artifacts.length, second.artifacts.length, second.next_cursor]).toEqual([
        30,
        30,
        null,
      ]);
      expect([first.total, second.total]).toEqual([60, 60]);
    });

    it('may change their length and what they show on the way', async () => {
      const { next_cursor } = await page('limit=10');
      const rest = await page(`limit=500&include=bars&cursor=${next_cursor}`);
      expect(rest.artifacts.map(({ id }) => id)).toEqual(all.slice(10).map(({ id }) => id));
      expect(JSON.stringify(rest.artifacts[0]?.metadata)).toContain('"bars"');
    });
  });

  describe('filters', () => {
    const told = ({ artifacts, total, next_cursor }: Page) => [
      artifacts.map(({ id }) => id),
      total,
      next_cursor,
    ];
    /**
     * Of everything, what fulfils the condition: some, but not all, or the test would say nothing.
     */
    const some = (isWanted: (one: Wire) => boolean) => {
      const wanted = all.filter(isWanted);
      if (wanted.length === 0 || wanted.length === all.length) throw new Error('choose other rows');
      return [wanted.map(({ id }) => id), wanted.length, null];
    };

    it.each([
      ['type', 'chart'],
      ['type', 'signal'],
      ['symbol', 'ÄÖ'],
      ['workflow_id', 'wf-a'],
      ['execution_id', 'exec-3'],
      ['dag_id', 'dag-1'],
      ['step_name', 'step-2'],
      ['run_id', 'Run-5'],
    ])('%s = %s', async (name, value) => {
      expect(told(await page(`limit=500&${name}=${encodeURIComponent(value)}`))).toEqual(
        some((one) => one[name] === value),
      );
    });

    it.each(['order', 'trade', 'portfolio'])('type = %s', async (kind) => {
      expect(told(await page(`type=${kind}`))).toEqual(
        some(({ signal_data }) => signal_data?.artifact_type === kind),
      );
    });

    it.each(['linked', 'unresolved', 'unavailable'])('lineage = %s', async (status) => {
      expect(told(await page(`lineage=${status}`))).toEqual(
        some(({ lineage }) => lineage.status === status),
      );
    });

    it.each([
      ['ZEB', (one: Wire) => /zeb/i.test(one.name)],
      ['äpf', (one: Wire) => one.name === 'Äpfel'],
      ['tSl', (one: Wire) => one.symbol === 'tsla'],
      ['run-1', (one: Wire) => one.run_id?.startsWith('Run-1') === true],
      ['%', (one: Wire) => one.name === '100%'],
      ['_', (one: Wire) => one.name === 'a_b'],
      ['\\', (one: Wire) => one.name === 'a\\b'],
      [
        'a',
        (one: Wire) => [one.name, one.symbol].some((text) => text?.toLowerCase().includes('a')),
      ],
    ])('q = %s', async (q, wanted) => {
      expect(told(await page(`limit=500&q=${encodeURIComponent(q)}`))).toEqual(some(wanted));
    });

    it('takes an empty q for none', async () => {
      expect((await page('q=&limit=1')).total).toBe(60);
    });

    it('knows a microsecond, from inclusive to exclusive', async () => {
      const [from, to] = ['2025-11-15T13:54:31.981655+00:00', '2025-11-15T13:54:31.981660+00:00'];
      const wanted = some(({ created_at }) => created_at >= from && created_at < to);
      const query = `created_after=${encodeURIComponent(from)}&created_before=${encodeURIComponent(to)}`;
      expect(told(await page(query))).toEqual(wanted);
      // Another zone, and a plus that nobody escaped.
      const zones =
        'created_after=2025-11-15T15:54:31.981655+02:00&created_before=2025-11-15T10:24:31.981660-03:30';
      expect(told(await page(zones))).toEqual(wanted);
      expect((await page('created_after=2025-11-15T13:54:31.981671Z')).total).toBe(0);
    });

    it('takes a date for its midnight in UTC', async () => {
      expect((await page('created_after=2025-11-15')).total).toBe(60);
      expect((await page('created_after=2025-11-16')).total).toBe(0);
      expect((await page('created_before=2025-11-15')).total).toBe(0);
      expect((await page('created_before=2025-11-16')).total).toBe(60);
    });

    it('combines them', async () => {
      expect(told(await page('type=signal&dag_id=dag-0&workflow_id=wf-b&q=e'))).toEqual(
        some(
          (one) =>
            one.type === 'signal' &&
            one['dag_id'] === 'dag-0' &&
            one['workflow_id'] === 'wf-b' &&
            /e/i.test(`${one.name} ${one.symbol} ${one.run_id}`),
        ),
      );
    });
  });

  describe('refusals', () => {
    it.each([
      ['limit=501', ['limit']],
      ['limit=0', ['limit']],
      ['limit=', ['limit']],
      ['limit=1e2', ['limit']],
      ['limit=ten', ['limit']],
      ['sort=price', ['sort']],
      ['sort=-', ['sort']],
      ['type=photo', ['type']],
      ['lineage=lost', ['lineage']],
      ['include=all', ['include']],
      ['group_by=symbol', ['group_by']],
      [`symbol=${'x'.repeat(51)}`, ['symbol']],
      ['workflow_id=%00', ['workflow_id']],
      [`q=${'x'.repeat(256)}`, ['q']],
      ['created_after=2025-11-15T13:54:31', ['created_after']],
      ['created_after=2025-02-30', ['created_after']],
      ['created_before=2025-11-15T25:00:00Z', ['created_before']],
      ['created_before=yesterday', ['created_before']],
      ['created_before=9999-12-31T23:59:59-12:00', ['created_before']],
      ['created_before=0000-01-01', ['created_before']],
      ['created_before=', ['created_before']],
      ['symbl=AAPL', ['symbl']],
      ['page=2&offset=10', ['page', 'offset']],
      ['symbol=A&symbol=B', ['symbol']],
      ['limit=1&limit=2', ['limit']],
      ['type=chart&type=llm', ['type']],
      ['cursor=a&cursor=b', ['cursor']],
      ['created_after=2025-11-15&created_after=2025-11-16', ['created_after']],
      ['limit=501&sort=price&colour=red', ['limit', 'sort', 'colour']],
    ])('%s', async (query, fields) => {
      const [status, code, named] = await problem(query);
      expect([status, code, named?.toSorted()]).toEqual([422, 'invalid_input', fields.toSorted()]);
    });

    it.each(['x', '', 'e30', 'bnVsbA', 'W10', '%00', 'eyJhZnRlciI6WyIyMDI1Il0sImNoZWNrIjoiIn0'])(
      'a cursor that is none: %s',
      async (cursor) => {
        expect(await problem(`cursor=${cursor}`)).toEqual([422, 'invalid_input', ['cursor']]);
      },
    );

    it('a cursor of another sort, another filter or with one character changed', async () => {
      const cursor = (await page('limit=5&symbol=AAPL')).next_cursor ?? '';
      const refused = [422, 'invalid_input', ['cursor']];
      expect((await page(`symbol=AAPL&cursor=${cursor}`)).artifacts.length).toBeGreaterThan(0);
      expect(await problem(`symbol=AAPL&sort=created_at&cursor=${cursor}`)).toEqual(refused);
      expect(await problem(`cursor=${cursor}`)).toEqual(refused);
      expect(await problem(`symbol=AAPL&type=chart&cursor=${cursor}`)).toEqual(refused);
      expect(await problem(`symbol=MSFT&cursor=${cursor}`)).toEqual(refused);
      expect(await problem(`symbol=AAPL&cursor=${cursor.slice(0, -1)}`)).toEqual(refused);
      for (let at = 0; at < cursor.length; at += 7) {
        const damaged = `${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`;
        expect([damaged, ...(await problem(`symbol=AAPL&cursor=${damaged}`))]).toEqual([
          damaged,
          ...refused,
        ]);
      }
    });

    it('a forged cursor whose value its column cannot hold', async () => {
      const scope = cursorScope('artifacts', '-created_at', {});
      for (const value of ['soon', '2025-13-45 00:00:00+00', '']) {
        const cursor = await writeCursor(scope, { value, id: 1, upToId: null });
        expect(await problem(`cursor=${cursor}`)).toEqual([422, 'invalid_input', ['cursor']]);
      }
    });
  });

  it('leaves the bars in the database unless they are asked for', async () => {
    const [lean] = (await page('limit=1')).artifacts;
    const [whole] = (await page('limit=1&include=bars')).artifacts;
    expect(lean?.metadata).toEqual({ market_data_snapshot: { bar_count: 1 } });
    expect(whole?.metadata).toEqual({
      market_data_snapshot: { bar_count: 1, bars: [{ date: '2025-01-01' }] },
    });
  });

  it('answers 304 until something changes', async () => {
    const first = await stack.fetch('/api/artifacts?limit=5');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\//);
    const again = await stack.fetch('/api/artifacts?limit=5', {
      headers: { 'if-none-match': etag },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
    await stack.send('POST', '/api/artifacts', { name: 'newer', type: 'llm' });
    const changed = await stack.fetch('/api/artifacts?limit=5', {
      headers: { 'if-none-match': etag },
    });
    expect(changed.status).toBe(200);
    await stack.query("delete from artifacts where name = 'newer'");
  });
});

describe('a table that others filled and nobody migrated', () => {
  let bare: Stack;
  beforeAll(async () => {
    bare = await startStack();
    await bare.query('drop table lineage_lookup');
    await bare.query(`insert into artifacts (name, type, artifact_metadata)
      values ('a', 'chart', 'null'), ('b', 'photo', '[1]'), ('c', 'llm', '{"market_data_snapshot":[1]}'),
        ('d', 'llm', '"text"'), ('e', 'llm', null)`);
  });
  afterAll(() => bare.close());

  it('is listed', async () => {
    const found = (await (await bare.fetch('/api/artifacts?sort=name')).json()) as Page;
    expect(found.artifacts.map(({ metadata }) => metadata)).toEqual([
      null,
      [1],
      { market_data_snapshot: [1] },
      'text',
      null,
    ]);
    const unresolved = await bare.fetch('/api/artifacts?lineage=unresolved');
    expect(((await unresolved.json()) as Page).total).toBe(5);
  });
});
