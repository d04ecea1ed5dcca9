import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created, problem, type ArtifactWire } from '../support/artifact-calls.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('GET /api/artifacts', () => {
  beforeAll(async () => {
    for (const [symbol, type] of [
      ['AAA', 'chart'],
      ['AAA', 'signal'],
      ['BBB', 'chart'],
    ] as const) {
      await created(stack, {
        ...chartArtifact(makeBars(3, 1)),
        name: 'listed',
        type,
        symbol,
        workflow_id: 'list-test',
        signal_data: { artifact_type: 'order' },
      });
    }
  });
  const list = async (query: string) =>
    (await (await stack.fetch(`/api/artifacts?workflow_id=list-test${query}`)).json()) as {
      artifacts: ArtifactWire[];
      total: number;
    };

  it('filters, counts all, and shows the newest first', async () => {
    const all = await list('');
    expect([all.total, all.artifacts.map((artifact) => artifact['symbol'])]).toEqual([
      3,
      ['BBB', 'AAA', 'AAA'],
    ]);
    expect(await list('&limit=1')).toMatchObject({ total: 3, artifacts: [{ symbol: 'BBB' }] });
    expect((await list('&symbol=AAA&type=chart')).total).toBe(1);
    expect((await list('&type=order')).artifacts.map((artifact) => artifact['type'])).toEqual([
      'signal',
    ]);
    expect((await list('&type=trade')).total).toBe(0);
  });

  it('leaves bars out unless asked', async () => {
    const [short] = (await list('&limit=1')).artifacts;
    expect(short?.metadata.market_data_snapshot).toEqual({
      symbol: 'TEST',
      timeframe: 'daily',
      fetched_at: '2020-01-01T00:00:00Z',
    });
    const [long] = (await list('&limit=1&include=bars')).artifacts;
    expect(long?.metadata.market_data_snapshot['bars']).toHaveLength(3);
  });

  it.each(['limit=501', 'limit=0', 'limit=x', 'type=photo', 'colour=red', 'include=everything'])(
    'refuses %s by name',
    async (query) => {
      expect(await problem(await stack.fetch(`/api/artifacts?${query}`))).toEqual([
        422,
        'invalid_input',
        [query.split('=')[0]],
      ]);
    },
  );

  it('shows rows of any shape that somebody else stored', async () => {
    await stack.query(
      "insert into artifacts (name, type, workflow_id, chart_data, signal_data, artifact_metadata) values ('odd', 'photo', 'odd', 'null', '[1]', '\"text\"'), ('odd', 'chart', 'odd', '[]', '1', '{\"market_data_snapshot\": []}')",
    );
    const response = await stack.fetch('/api/artifacts?workflow_id=odd');
    expect(response.status).toBe(200);
    const { artifacts } = (await response.json()) as { artifacts: ArtifactWire[] };
    expect(artifacts.map((artifact) => artifact.metadata)).toEqual([
      { market_data_snapshot: [] },
      'text',
    ]);
    expect((await stack.fetch(`/api/artifacts/${artifacts[0]?.id}/image`)).status).toBe(409);
  });

  it('answers 304 to a weak ETag', async () => {
    const first = await stack.fetch('/api/artifacts?workflow_id=list-test');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"/);
    expect(
      (
        await stack.fetch('/api/artifacts?workflow_id=list-test', {
          headers: { 'if-none-match': etag },
        })
      ).status,
    ).toBe(304);
  });
});

it('describes itself', async () => {
  const document = (await (await stack.fetch('/openapi.json')).json()) as {
    openapi: string;
    components: { schemas: object };
    paths: Record<string, object>;
  };
  expect(document.openapi).toBe('3.1.0');
  const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
    (match) => match[1],
  );
  expect(names).toContain('NewArtifact');
  expect(names.filter((name) => !(String(name) in document.components.schemas))).toEqual([]);
  expect(
    Object.entries(document.paths)
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`))
      .toSorted(),
  ).toEqual([
    'delete /api/artifacts/{id}',
    'get /api/artifacts',
    'get /api/artifacts/stats/summary',
    'get /api/artifacts/{id}',
    'get /api/artifacts/{id}/download',
    'get /api/artifacts/{id}/image',
    'get /api/artifacts/{id}/indicators',
    'get /api/artifacts/{id}/market-data',
    'get /api/artifacts/{id}/verify',
    'get /api/executions',
    'get /api/executions/{execution_id}',
    'get /api/lineage/status',
    'get /api/renders/{render_key}/image',
    'get /healthz',
    'get /metrics',
    'get /readyz',
    'patch /api/artifacts/{id}',
    'post /api/artifacts',
    'post /api/lineage/attach',
    'post /api/lineage/repair',
    'post /api/verify',
  ]);
});
