import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { startSqlProxy, type SqlProxy } from '../support/sql-proxy.ts';
import { SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';
import { startStoreProxy, type StoreProxy } from '../support/store-proxy.ts';

let stack: Stack;
let store: StoreProxy;
let sql: SqlProxy;
let seed = 9_000;

beforeAll(async () => {
  store = await startStoreProxy();
  sql = await startSqlProxy();
  stack = await startStack({ MINIO_ENDPOINT: store.url, DATABASE_HTTP_ENDPOINT: sql.url });
  store.target = stack.s3.url;
  sql.target = stack.database.httpEndpoint;
});
afterAll(async () => {
  await stack.close();
  await store.close();
  await sql.close();
});
beforeEach(forgetCounts);
afterEach(() => {
  store.fault = null;
  sql.hold = async () => {};
});

function forgetCounts() {
  store.calls.length = 0;
  sql.statements.length = 0;
}

async function post(bars: unknown, more: Record<string, unknown> = {}): Promise<number> {
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(bars, more));
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

const image = (id: number, init?: RequestInit) => stack.fetch(`/api/artifacts/${id}/image`, init);
const calls = (method: string) => store.calls.filter((call) => call.method === method);
const rowReads = () =>
  sql.statements.filter((text) => /^select .*'market_data_snapshot'/s.test(text));
const bytesOf = async (response: Response) =>
  Buffer.from(await response.arrayBuffer()).toString('base64');
const times = <T>(n: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, index) => work(index)));
const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1_000));

describe('one picture and a crowd', () => {
  it('reads each row once, draws and puts once, and gives everybody the same bytes', async () => {
    const bars = makeBars(60, (seed += 1));
    const ids = [await post(bars), await post(bars), await post(bars), await post(bars)];
    forgetCounts();
    const answers = await times(100, (index) => image(ids[index % 4] ?? 0));
    expect([...new Set(answers.map((answer) => answer.status))]).toEqual([200]);
    expect(new Set(await Promise.all(answers.map(bytesOf))).size).toBe(1);
    expect(calls('PUT')).toHaveLength(1);
    expect(rowReads()).toHaveLength(4);
    // Each artifact's row names no image; the gate looks whether somebody was faster.
    expect(calls('GET').length).toBeLessThanOrEqual(1);

    await stack.emptyEdge();
    forgetCounts();
    const again = await times(100, (index) => image(ids[index % 4] ?? 0));
    expect(new Set(await Promise.all(again.map(bytesOf))).size).toBe(1);
    expect([calls('PUT').length, rowReads().length]).toEqual([0, 4]);
    // The last ones may find at the edge what the first have read.
    expect(calls('GET').length).toBeLessThanOrEqual(4);
  });

  it('answers each its own: HEAD, a range, a conditional request', async () => {
    const id = await post(makeBars(60, (seed += 1)));
    const etag = (await image(id)).headers.get('etag') ?? '';
    await stack.emptyEdge();
    forgetCounts();
    const [whole, head, range, unchanged] = await Promise.all([
      image(id),
      image(id, { method: 'HEAD' }),
      image(id, { headers: { range: 'bytes=1-3' } }),
      image(id, { headers: { 'if-none-match': etag } }),
    ]);
    expect([whole?.status, head?.status, range?.status, unchanged?.status]).toEqual([
      200, 200, 206, 304,
    ]);
    expect(await range?.text()).toBe('PNG');
    expect(head?.headers.get('etag')).toBe(whole?.headers.get('etag'));
    expect([calls('GET').length, rowReads().length]).toEqual([1, 1]);
  });

  it('reads nothing for a crowd that has the picture', async () => {
    const id = await post(makeBars(60, (seed += 1)));
    const etag = (await image(id)).headers.get('etag') ?? '';
    await stack.emptyEdge();
    forgetCounts();
    const answers = await times(50, () => image(id, { headers: { 'if-none-match': etag } }));
    expect([...new Set(answers.map((answer) => answer.status))]).toEqual([304]);
    expect([calls('GET').length, calls('PUT').length, rowReads().length]).toEqual([0, 0, 1]);
  });

  it('shares what is wrong, and remembers nothing of it', async () => {
    const id = await post(null);
    forgetCounts();
    const answers = await times(50, () => image(id));
    expect([...new Set(answers.map((answer) => answer.status))]).toEqual([409]);
    expect(rowReads().length).toBeLessThan(10);
    const { status } = await stack.send('PATCH', `/api/artifacts/${id}`, {
      metadata: {
        market_data_snapshot: { symbol: 'S', timeframe: 'daily', bars: makeBars(30, (seed += 1)) },
      },
    });
    expect([status, (await image(id)).status]).toEqual([200, 200]);
  });

  it('shows the new picture after a PATCH that came while the old one was on its way', async () => {
    const id = await post(makeBars(60, (seed += 1)));
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    store.fault = (call, _response, pass) =>
      void (call.method === 'PUT' ? held.then(() => pass()) : pass());
    const before = image(id);
    while (calls('PUT').length === 0) await seconds(0.02);
    const newer = makeBars(60, (seed += 1));
    await stack.send('PATCH', `/api/artifacts/${id}`, {
      metadata: { market_data_snapshot: { symbol: 'TEST', timeframe: 'daily', bars: newer } },
    });
    letGo();
    const old = await before;
    const after = await image(id);
    expect([old.status, after.status]).toEqual([200, 200]);
    expect(after.headers.get('x-chart-snapshot')).not.toBe(old.headers.get('x-chart-snapshot'));
    expect((await image(id)).headers.get('x-chart-snapshot')).toBe(
      after.headers.get('x-chart-snapshot'),
    );
  });

  it('is one picture for two deployments over one store: the conditional PUT decides', async () => {
    const id = await post(makeBars(60, (seed += 1)));
    const other = await stack.startAnother();
    try {
      const answers = await times(60, (index) =>
        index % 2 === 0 ? image(id) : other.fetch(`/api/artifacts/${id}/image`),
      );
      expect([...new Set(answers.map((answer) => answer.status))]).toEqual([200]);
      expect(new Set(await Promise.all(answers.map(bytesOf))).size).toBe(1);
      expect(calls('PUT').length).toBeLessThanOrEqual(2);
      expect(rowReads()).toHaveLength(2);
      expect(
        await stack.query('select 1 from artifact_render where artifact_id = $1', [id]),
      ).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('goes on after a leader that the database keeps waiting', async () => {
    const id = await post(makeBars(60, (seed += 1)));
    let isFirst = true;
    sql.hold = async (text) => {
      if (!isFirst || !text.includes('market_data_snapshot')) return;
      isFirst = false;
      await seconds(20);
    };
    const answers = await times(20, () => image(id));
    // The first to ask hears of the database after five seconds; who followed it asked again,
    // together.
    expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(1);
    expect(answers.every((answer) => [200, 503].includes(answer.status))).toBe(true);
    expect(rowReads().length).toBeLessThanOrEqual(3);
    expect((await image(id)).status).toBe(200);
  });
});

describe('many pictures at once', () => {
  it('refuses early what it cannot take, and draws it when it is asked again', async () => {
    const ids = await times(60, () => post(makeBars(40, (seed += 1))));
    let refused = 0;
    const ask = async (id: number): Promise<void> => {
      const answer = await image(id);
      if (answer.status === 200) return;
      refused += 1;
      const wait = Number(answer.headers.get('retry-after'));
      expect(answer.status).toBe(503);
      expect((await answer.json()) as object).toMatchObject({ code: 'busy' });
      expect(wait >= 1 && wait <= 10).toBe(true);
      await seconds(wait);
      await ask(id);
    };
    await Promise.all(ids.map(ask));
    expect(refused).toBeGreaterThan(0);
    const [row] = await stack.query<{ n: number }>(
      'select count(*)::int as n from artifact_render where artifact_id = any($1::int[])',
      [`{${ids.join(',')}}`],
    );
    expect(row?.n).toBe(60);
  });
});

describe('one Idempotency-Key and a crowd', () => {
  const create = (key: string, name: string) =>
    stack.send(
      'POST',
      '/api/artifacts',
      { name, type: 'llm', response: 'x' },
      { 'idempotency-key': key },
    );

  it('creates once, replays to the rest, and hardly asks the database', async () => {
    const answers = await times(300, () => create('crowd-1', 'one of many'));
    expect([...new Set(answers.map((answer) => answer.status))]).toEqual([201]);
    const created = answers.filter((answer) => answer.headers.get('idempotent-replayed') === null);
    expect(created).toHaveLength(1);
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { id: number }).id),
    );
    expect(new Set(ids).size).toBe(1);
    expect(sql.statements.length).toBeLessThan(300);
    expect(await stack.query("select 1 from artifacts where name = 'one of many'")).toHaveLength(1);
  });

  it('refuses another body while the first is still running, and after it', async () => {
    sql.hold = async (text) => {
      if (text.includes('insert into "artifacts"')) await seconds(1);
    };
    const first = create('crowd-2', 'first');
    while (!sql.statements.some((text) => text.includes('insert into "artifacts"')))
      await seconds(0.02);
    const other = await create('crowd-2', 'second');
    expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([
      422,
      'idempotency_mismatch',
    ]);
    expect((await first).status).toBe(201);
    expect((await create('crowd-2', 'second')).status).toBe(422);
    expect(await stack.query("select 1 from artifacts where name = 'second'")).toHaveLength(0);
  });

  it('finishes what a client left, so that its key is not blocked', async () => {
    const { url } = stack.worker;
    sql.hold = async (text) => {
      if (text.includes('insert into "artifacts"')) await seconds(0.5);
    };
    const headers = {
      authorization: `Bearer ${SERVICE_TOKEN}`,
      'content-type': 'application/json',
      'idempotency-key': 'crowd-3',
    };
    const body = JSON.stringify({ name: 'left alone', type: 'llm', response: 'x' });
    const left = fetch(new URL('/api/artifacts', url), {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(300),
    });
    await expect(left).rejects.toThrow(/timeout/);
    await seconds(1);
    sql.hold = async () => {};
    const again = await stack.fetch('/api/artifacts', { method: 'POST', headers, body });
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
  });
});
