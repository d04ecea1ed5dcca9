import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startLineageStack, type LineageStack, type OpenMlflow } from '../support/lineage-stack.ts';
import type { Fault } from '../support/mlflow-proxy.ts';
import { openMlflow } from '../support/open-mlflow.ts';

const EXECUTION = '2025-11-15 13:54:31.981650+00:00';
/**
 * Far beyond the deadline of a read, and far below what a request that waits for a dead server
 * takes.
 */
const PATIENCE_MS = 6_000;

const UNREACHABLE = /cannot be reached/;

const answer =
  (status: number, headers: Record<string, string>, body: string): Fault =>
  (_call, response) =>
    void response.writeHead(status, headers).end(body);
const json = { 'content-type': 'application/json' };
const html = { 'content-type': 'text/html' };

const runOfAnother = (tags: Record<string, string>): string =>
  JSON.stringify({
    runs: [
      {
        info: {
          run_id: 'e'.repeat(32),
          experiment_id: '0',
          status: 'FINISHED',
          start_time: 1,
          lifecycle_stage: 'active',
        },
        data: { tags: Object.entries(tags).map(([key, value]) => ({ key, value })) },
      },
    ],
  });
/** Everything but the search for runs is passed over with one experiment. */
const toSearches =
  (fault: Fault): Fault =>
  (call, response) =>
    call.path.includes('runs/search')
      ? fault(call, response)
      : void response.writeHead(200, json).end('{"experiments":[{"experiment_id":"0"}]}');

interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly status: string;
  readonly reason: RegExp;
  /** It shows only where the experiments have not been listed yet. */
  readonly needsEmptyEdge?: boolean;
}

const FAULTS: Case[] = [
  {
    name: 'never answers',
    fault: () => {},
    status: 'unavailable',
    reason: /did not answer in time/,
  },
  {
    name: 'answers the searches never',
    fault: toSearches(() => {}),
    status: 'unavailable',
    reason: /did not answer in time/,
  },
  {
    name: 'trickles',
    fault: (_call, response) => {
      response.writeHead(200, json).write('{"experiments":[');
      const timer = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(timer));
    },
    status: 'unavailable',
    reason: /did not answer in time/,
  },
  {
    name: 'cuts the connection',
    fault: (_call, response) => void response.destroy(),
    status: 'unavailable',
    reason: UNREACHABLE,
  },
  {
    name: 'breaks off in the middle',
    fault: (_call, response) => {
      response.writeHead(200, { ...json, 'content-length': '1000' }).write('{"experiments":');
      setTimeout(() => response.destroy(), 50);
    },
    status: 'unavailable',
    reason: /broke off in the middle|did not answer in time/,
  },
  {
    name: '401 HTML',
    fault: answer(401, html, '<h1>Unauthorized</h1>'),
    status: 'unavailable',
    reason: /credentials.*MLFLOW_USERNAME/,
  },
  {
    name: '403 Invalid Host header',
    fault: answer(
      403,
      { 'content-type': 'text/plain' },
      'Invalid Host header - possible DNS rebinding attack detected',
    ),
    status: 'unavailable',
    reason: /--allowed-hosts/,
  },
  {
    name: '403 text',
    fault: answer(403, { 'content-type': 'text/plain' }, 'Permission denied'),
    status: 'unavailable',
    reason: /does not permit/,
  },
  {
    name: '404 HTML',
    fault: answer(404, html, '<h1>Not Found</h1>'),
    status: 'unavailable',
    reason: /no MLflow API/,
  },
  {
    name: '500',
    fault: answer(500, html, 'oops'),
    status: 'unavailable',
    reason: /cannot answer now \(500\)/,
  },
  {
    name: '429',
    fault: answer(429, { 'retry-after': '60' }, ''),
    status: 'unavailable',
    reason: /too many requests/,
  },
  {
    name: 'a redirect',
    fault: answer(302, { location: 'http://127.0.0.1:9/' }, ''),
    status: 'unavailable',
    reason: /redirects.*not followed|cannot answer now/,
  },
  {
    name: '{}',
    fault: answer(200, json, '{}'),
    status: 'unavailable',
    reason: /shows this account no experiment/,
    needsEmptyEdge: true,
  },
  {
    name: 'half JSON',
    fault: toSearches(answer(200, json, '{"runs": [{"info": {"run_')),
    status: 'unavailable',
    reason: /not JSON/,
  },
  {
    name: 'a login page',
    fault: answer(200, html, '<!doctype html><title>Sign in</title>'),
    status: 'unavailable',
    reason: /login page/,
  },
  {
    name: 'JSON of another shape',
    fault: toSearches(answer(200, json, '{"runs": {"a": 1}}')),
    status: 'unavailable',
    reason: /another shape/,
  },
  {
    name: 'JSON null',
    fault: toSearches(answer(200, json, 'null')),
    status: 'unavailable',
    reason: /another shape/,
  },
  {
    name: 'a body of 100 MB',
    fault: toSearches((_call, response) => {
      response.writeHead(200, json);
      const chunk = Buffer.alloc(1_000_000, ' ');
      let left = 100;
      const more = (): void => {
        while (left > 0 && !response.destroyed) {
          left -= 1;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    }),
    status: 'unavailable',
    reason: /longer than 16 MB|did not answer in time/,
  },
  {
    name: 'a run of another execution',
    fault: toSearches(
      answer(200, json, runOfAnother({ execution_id: '2020-01-01 00:00:00+00:00' })),
    ),
    status: 'pending',
    reason: /No run of this execution was found/,
  },
  {
    name: 'a run of another workflow',
    fault: toSearches(
      answer(200, json, runOfAnother({ workflow_id: 'another', execution_id: EXECUTION })),
    ),
    status: 'pending',
    reason: /No run of this execution was found/,
  },
  {
    name: 'a run that says nothing of itself',
    fault: toSearches(answer(200, json, runOfAnother({}))),
    status: 'pending',
    reason: /No run of this execution was found/,
  },
];

/**
 * What a reader meets while MLflow is down, slow or wrong; the healthy part of each test needs a
 * MLflow.
 */
describe('lineage while MLflow fails', () => {
  let mlflow: OpenMlflow;
  let own: LineageStack;

  beforeAll(async () => {
    mlflow = await openMlflow();
    own = await startLineageStack(mlflow);
  });
  afterAll(async () => {
    await own.close();
    await mlflow.close();
  });
  afterEach(async () => {
    // A breaker that was left open belongs to its isolate.
    if (own.proxy.fault !== null) await own.stack.emptyEdge();
    own.proxy.fault = null;
    own.proxy.calls.length = 0;
  });

  it.each(FAULTS)(
    '$name: the artifact answers, says why, and is linked once MLflow is well',
    async (fault) => {
      const { proxy, stack, post, read, list, run, newWorkflow } = own;
      const workflow_id = newWorkflow();
      const id = await post({ workflow_id, execution_id: EXECUTION });
      const runId = await run({ workflow_id, execution_id: EXECUTION });

      if (fault.needsEmptyEdge === true) await stack.emptyEdge();
      proxy.fault = fault.fault;
      const startedAt = Date.now();
      const { run_id, lineage } = await read(id);
      expect(Date.now() - startedAt).toBeLessThan(PATIENCE_MS);
      expect(run_id).toBeNull();
      expect(lineage).toMatchObject({ status: fault.status, source: null });
      expect(lineage.reason).toMatch(fault.reason);
      const [listed] = await list(`workflow_id=${workflow_id}`);
      expect(listed?.lineage.status).toBe(fault.status);

      proxy.fault = null;
      await stack.emptyEdge();
      await own.forgetMisses();
      expect(await read(id)).toMatchObject({ run_id: runId, lineage: { status: 'linked' } });
    },
  );

  it('a list answers as well, with what was stored', async () => {
    const { proxy, stack, post, list, run, newWorkflow } = own;
    const workflow_id = newWorkflow();
    for (let i = 0; i < 3; i += 1) {
      await post({ workflow_id, execution_id: `2026-03-0${i + 1} 10:00:00+00:00` });
      await run({ workflow_id, execution_id: `2026-03-0${i + 1} 10:00:00+00:00` });
    }
    proxy.fault = () => {};
    const startedAt = Date.now();
    const page = await list(`workflow_id=${workflow_id}`);
    expect(Date.now() - startedAt).toBeLessThan(PATIENCE_MS);
    expect(page.map(({ lineage }) => lineage.status)).toEqual([
      'unavailable',
      'unavailable',
      'unavailable',
    ]);
    proxy.fault = null;
    await stack.emptyEdge();
    await own.forgetMisses();
    const well = await list(`workflow_id=${workflow_id}`);
    expect(well.map(({ lineage }) => lineage.status)).toEqual(['linked', 'linked', 'linked']);
  });

  it('stays down and comes back: nobody listens, then somebody does', async () => {
    const { proxy, post, read, run, newWorkflow } = own;
    const fields = { workflow_id: newWorkflow(), execution_id: EXECUTION };
    const id = await post(fields);
    const runId = await run(fields);
    await proxy.stop();
    expect((await read(id)).lineage.reason).toMatch(UNREACHABLE);
    await proxy.start();
    // Within five seconds nobody asks, whoever reads.
    expect((await read(id)).lineage.status).toBe('unavailable');
    expect(proxy.calls).toEqual([]);
    await expect
      .poll(async () => (await read(id)).run_id, { timeout: 15_000, interval: 500 })
      .toBe(runId);
  });

  it('does not cost every request its deadline', async () => {
    const { proxy, post, read, list, newWorkflow } = own;
    const ids: number[] = [];
    for (let i = 0; i < 8; i += 1)
      ids.push(await post({ workflow_id: newWorkflow(), execution_id: EXECUTION, symbol: 'BRK' }));
    proxy.fault = () => {};
    const startedAt = Date.now();
    for (const id of ids) expect((await read(id)).lineage.status).toBe('unavailable');
    await list('symbol=BRK');
    // One waits for its deadline; the others hear of it.
    expect(proxy.calls.length).toBe(1);
    expect(Date.now() - startedAt).toBeLessThan(PATIENCE_MS);
  });

  it('waits as long as MLflow asks for', async () => {
    const { proxy, stack, post, read, newWorkflow } = own;
    const workflow_id = newWorkflow();
    proxy.fault = answer(429, { 'retry-after': '60' }, '');
    await read(await post({ workflow_id, execution_id: EXECUTION }));
    const [memory] = await stack.query<{ wait: number }>(
      'select extract(epoch from next_check_at - checked_at)::int as wait from lineage_lookup where workflow = $1',
      [workflow_id],
    );
    expect(memory?.wait).toBe(60);
  });

  it('tells one refused run from a refused account', async () => {
    const { proxy, post, read, run, newWorkflow } = own;
    const denied = JSON.stringify({
      error_code: 'PERMISSION_DENIED',
      message: 'Permission denied',
    });
    const fields = { workflow_id: newWorkflow(), execution_id: EXECUTION };
    const open = await post(fields);
    const runId = await run(fields);
    const secret = await post({ workflow_id: newWorkflow(), run_id: 'd'.repeat(32) });
    proxy.fault = answer(403, json, denied);
    expect((await read(secret)).lineage).toMatchObject({
      status: 'unavailable',
      source: 'stored',
    });
    proxy.fault = null;
    expect((await read(open)).run_id).toBe(runId);
  });

  it('answers while the look-ups cannot be written, and keeps the artifact readable', async () => {
    const { stack, post, read, run, newWorkflow } = own;
    const fields = { workflow_id: newWorkflow(), execution_id: EXECUTION };
    const id = await post(fields);
    const runId = await run(fields);
    await stack.query('alter table lineage_lookup rename to lineage_lookup_away');
    try {
      expect((await read(id)).lineage.status).toBe('pending');
      expect((await own.list(`workflow_id=${fields.workflow_id}`))[0]?.lineage.status).toBe(
        'pending',
      );
    } finally {
      await stack.query('alter table lineage_lookup_away rename to lineage_lookup');
    }
    expect((await read(id)).run_id).toBe(runId);
  });
});
