import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLineageStack, type LineageStack, type OpenMlflow } from '../support/lineage-stack.ts';
import type { SeenCall } from '../support/mlflow-proxy.ts';
import { openMlflow } from '../support/open-mlflow.ts';

/**
 * No cron runs here, and nobody asks for a repair: what is linked later was looked up behind an
 * answer.
 */
const PATIENCE = { timeout: 30_000, interval: 100 };
/** What one reader may ask, and what one page. */
const READER_CALLS_MAX = 12;
const PAGE_CALLS_MAX = 3;

/** What goes on behind an answer, on any MLflow. */
describe('lineage behind the answer', () => {
  let mlflow: OpenMlflow;
  let own: LineageStack;
  let minutes = 0;

  beforeAll(async () => {
    mlflow = await openMlflow();
    own = await startLineageStack(mlflow);
  });
  afterAll(async () => {
    await own.close();
    await mlflow.close();
  });
  beforeEach(async () => {
    // Nothing of another test runs on, and nothing is remembered.
    await own.stack.emptyEdge();
    own.proxy.fault = null;
    own.proxy.calls.length = 0;
  });

  /** Unlike any other's of this file, and of earlier runs on the same server. */
  const startedAt = Date.UTC(2014, 0, 1) + (Date.now() % 10_000_000) * 10_000;
  const newInstant = () =>
    new Date(startedAt + (minutes += 1) * 60_000)
      .toISOString()
      .replace('T', ' ')
      .replace('.000Z', '+00:00');
  const about = (instant: string) => (call: SeenCall) =>
    call.body.includes(instant.slice(11, 19)) && call.body.includes(instant.slice(0, 10));
  const runOf = async (id: number) => {
    const [row] = await own.stack.query<{ run_id: string | null }>(
      'select run_id from artifacts where id = $1',
      [id],
    );
    return row?.run_id ?? null;
  };
  async function linkedBehind(id: number, runId: string): Promise<void> {
    await expect.poll(() => runOf(id), PATIENCE).toBe(runId);
  }

  /** A workflow whose runs were always tagged in this way. */
  async function usualWorkflow(
    tagsOf: (workflow: string, execution: string) => Record<string, string>,
  ): Promise<string> {
    const workflow_id = own.newWorkflow();
    const execution_id = newInstant();
    const runId = await own.run(tagsOf(workflow_id, execution_id));
    expect((await own.readPatiently(await own.post({ workflow_id, execution_id }))).run_id).toBe(
      runId,
    );
    return workflow_id;
  }
  const byExecution = (workflow_id: string, execution_id: string) => ({
    workflow_id,
    execution_id,
  });
  const byDate = (workflow: string, execution_date: string) => ({
    airflow_dag_id: workflow,
    execution_date,
  });

  it('links with the second read a workflow that changes its tags', async () => {
    const workflow_id = await usualWorkflow(byExecution);
    const execution_id = newInstant();
    const runId = await own.run(byDate(workflow_id, execution_id));
    const id = await own.post({ workflow_id, execution_id });
    own.proxy.calls.length = 0;
    expect((await own.read(id)).lineage.status).toBe('pending');
    await linkedBehind(id, runId);
    const asked = own.proxy.calls.filter(({ path }) => path.endsWith('runs/search'));
    expect(asked.length).toBeLessThanOrEqual(1 + READER_CALLS_MAX);
    own.proxy.calls.length = 0;
    expect(await own.read(id)).toMatchObject({
      run_id: runId,
      lineage: { status: 'linked', source: 'stored' },
    });
    expect(own.proxy.calls).toEqual([]);
  });

  it('counts a look that goes on behind the answer once', async () => {
    const workflow_id = await usualWorkflow(byExecution);
    const execution_id = newInstant();
    const id = await own.post({ workflow_id, execution_id });
    own.proxy.calls.length = 0;
    await own.readPatiently(id);
    const params = (call: SeenCall) => call.body.includes('params.execution_date');
    await expect.poll(() => own.proxy.calls.filter(params).length, PATIENCE).toBe(1);
    // The next reader's look is the second, and by then the first is wholly written.
    await own.forgetMisses();
    await own.readPatiently(id);
    const [memory] = await own.stack.query<{ attempts: number; wait: number }>(
      `select attempts, extract(epoch from next_check_at - checked_at)::int as wait
         from lineage_lookup where workflow = $1`,
      [workflow_id],
    );
    expect(memory).toEqual({ attempts: 2, wait: 10 });
  });

  it('has with the next read of a page what its calls did not reach', async () => {
    const symbol = `B${own.tag}`;
    const expected = new Map<number, string>();
    for (const tagsOf of [byExecution, byDate]) {
      const workflow_id = await usualWorkflow(tagsOf);
      for (let i = 0; i < 6; i += 1) {
        const execution_id = newInstant();
        const runId = await own.run(tagsOf(workflow_id, execution_id));
        expected.set(await own.post({ workflow_id, symbol, execution_id }), runId);
      }
    }
    // In a way of its own, so that three calls cannot have asked for all.
    const changed = await usualWorkflow(byExecution);
    const execution_id = newInstant();
    const runId = await own.run({}, { params: { execution_date: execution_id } });
    expected.set(await own.post({ workflow_id: changed, symbol, execution_id }), runId);

    own.proxy.calls.length = 0;
    const first = await own.list(`symbol=${symbol}`);
    expect(own.proxy.calls.length).toBeLessThanOrEqual(PAGE_CALLS_MAX);
    expect(first.some(({ run_id }) => run_id === null)).toBe(true);
    for (const [id, runId] of expected) await linkedBehind(id, runId);
    expect(own.proxy.calls.length).toBeLessThanOrEqual(PAGE_CALLS_MAX + READER_CALLS_MAX);
    own.proxy.calls.length = 0;
    const second = await own.list(`symbol=${symbol}`);
    expect(new Map(second.map((one) => [one.id, one.run_id]))).toEqual(expected);
    expect(own.proxy.calls).toEqual([]);
  });

  it('completes behind a page the runs that only a call of their own finds', async () => {
    const gone = await own.admin.createExperiment(`gone ${own.tag} ${newInstant()}`);
    const runs = [
      await own.run({}, { experimentId: gone }),
      await own.run({}, { experimentId: gone }),
    ];
    await own.admin.deleteExperiment(gone);
    const workflow_id = own.newWorkflow();
    for (const run_id of runs) await own.post({ workflow_id, run_id });
    const page = await own.list(`workflow_id=${workflow_id}`);
    expect(page.map(({ lineage }) => lineage.status)).toEqual(['pending', 'pending']);
    const experiments = () =>
      own.stack.query('select distinct experiment_id from artifacts where workflow_id = $1', [
        workflow_id,
      ]);
    await expect.poll(experiments, PATIENCE).toEqual([{ experiment_id: gone }]);
  });

  it('loses nothing when the client hangs up', async () => {
    const workflow_id = await usualWorkflow(byExecution);
    const execution_id = newInstant();
    const runId = await own.run(byDate(workflow_id, execution_id));
    const id = await own.post({ workflow_id, execution_id });
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    own.proxy.fault = (call, response) => {
      own.proxy.fault = null;
      resolve();
      // It is answered after the client has gone.
      hungUp.then(
        () => own.proxy.pass(call, response),
        () => {},
      );
    };
    const { url } = own.stack.worker;
    const client = request(new URL(`/api/artifacts/${id}`, url));
    const hungUp = new Promise<void>((gone) => {
      client.on('error', () => {});
      client.on('close', () => gone());
    });
    client.end();
    await asked;
    client.destroy();
    await expect.poll(() => runOf(id), PATIENCE).toBe(runId);
  });

  it('does not ask a MLflow that is down, whatever was left to look up', async () => {
    const workflow_id = await usualWorkflow(byExecution);
    const [left, later] = [newInstant(), newInstant()];
    await own.run(byDate(workflow_id, left));
    const id = await own.post({ workflow_id, execution_id: left });
    const runId = await own.run({ workflow_id, execution_id: later });
    const sentinel = await own.post({ workflow_id, execution_id: later });
    expect((await own.read(id)).lineage.status).toBe('pending');
    own.proxy.calls.length = 0;
    own.proxy.fault = (_call, response) =>
      void response.writeHead(503, { 'retry-after': '6' }).end();
    expect((await own.read(sentinel)).lineage.status).toBe('unavailable');
    own.proxy.fault = null;
    await expect
      .poll(async () => (await own.read(sentinel)).run_id, { ...PATIENCE, interval: 500 })
      .toBe(runId);
    // The one that failed, and the one that worked again.
    expect(own.proxy.calls.filter(about(left))).toEqual([]);
    expect(own.proxy.calls.filter(about(later))).toHaveLength(2);
    expect(await runOf(id)).toBeNull();
  });

  it('searches once for all who read one page together', async () => {
    const workflow_id = await usualWorkflow(byExecution);
    const execution_id = newInstant();
    const runId = await own.run({}, { params: { execution_date: execution_id } });
    const id = await own.post({ workflow_id, execution_id });
    own.proxy.calls.length = 0;
    const pages = await Promise.all(
      Array.from({ length: 20 }, () => own.list(`workflow_id=${workflow_id}&limit=1`)),
    );
    expect(new Set(pages.map(([one]) => one?.id))).toEqual(new Set([id]));
    // Whoever comes later starts no other.
    const later = async () => (await own.list(`workflow_id=${workflow_id}&limit=1`))[0]?.run_id;
    await expect.poll(later, { ...PATIENCE, interval: 500 }).toBe(runId);
    const wide = own.proxy.calls.filter((call) => call.body.includes('params.execution_date'));
    expect(wide).toHaveLength(1);
  });

  it('does nothing when nothing is due', async () => {
    const workflow_id = await usualWorkflow(byExecution);
    const [resting, changed] = [newInstant(), newInstant()];
    await own.run(byDate(workflow_id, resting));
    const id = await own.post({ workflow_id, execution_id: resting });
    await own.stack.query(
      `insert into lineage_lookup (kind, workflow, name, status, attempts, next_check_at)
         values ('execution', $1, $2, 'pending', 3, now() + interval '1 hour')`,
      [workflow_id, resting],
    );
    const runId = await own.run(byDate(workflow_id, changed));
    const sentinel = await own.post({ workflow_id, execution_id: changed });
    own.proxy.calls.length = 0;
    expect((await own.read(id)).lineage.status).toBe('pending');
    expect((await own.list(`workflow_id=${workflow_id}`)).length).toBe(3);
    await linkedBehind(sentinel, runId);
    expect(own.proxy.calls.filter(about(resting))).toEqual([]);
    expect(await runOf(id)).toBeNull();
  });
});
