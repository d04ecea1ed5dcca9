import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startLineageStack,
  type LineageStack,
  type LineageWire,
  type OpenMlflow,
} from '../support/lineage-stack.ts';
import type { MlflowAdmin, NewRun } from '../support/mlflow-admin.ts';
import type { MlflowProxy } from '../support/mlflow-proxy.ts';
import { openMlflow } from '../support/open-mlflow.ts';
import type { Stack } from '../support/stack.ts';

const INSTANT = '2025-11-15 13:54:31.981650+00:00';
const DAY_MS = 86_400_000;

/**
 * Hydration on read, on any MLflow: `npm test` runs it on the stand-in, `npm run test:live` on the
 * real one.
 */
describe('lineage on read', () => {
  let mlflow: OpenMlflow;
  let own: LineageStack;
  let proxy: MlflowProxy;
  let admin: MlflowAdmin;
  let stack: Stack;
  let experimentId: string;
  let tag: string;

  beforeAll(async () => {
    mlflow = await openMlflow();
    const vars = {
      MLFLOW_UI_URL: 'https://mlflow.example.com/ui/',
      AIRFLOW_UI_URL: 'https://airflow.example.com/air/',
    };
    own = await startLineageStack(mlflow, vars, '/team/mlflow');
    ({ proxy, admin, stack, experimentId, tag } = own);
  });
  afterAll(async () => {
    await own.close();
    await mlflow.close();
  });
  beforeEach(() => {
    proxy.calls.length = 0;
  });

  const newWorkflow = () => own.newWorkflow();
  const post = (fields: Record<string, unknown>) => own.post(fields);
  const read = (id: number): Promise<LineageWire> => own.readPatiently(id);
  const list = (query: string): Promise<LineageWire[]> => own.list(query);
  const run = (tags: Record<string, string>, more: Partial<NewRun> = {}) => own.run(tags, more);
  const searches = () => proxy.calls.filter(({ path }) => path.includes('runs/search')).length;
  const forgetMisses = () => own.forgetMisses();

  describe('one artifact', () => {
    it('shows its run on the first read, keeps it for the whole execution, and asks nobody again', async () => {
      const workflow_id = newWorkflow();
      const fields = {
        workflow_id,
        execution_id: INSTANT,
        dag_id: workflow_id,
        task_id: 'analyze charts',
      };
      const [id, sibling] = [
        await post(fields),
        await post({ ...fields, execution_id: '2025-11-15T13:54:31.981650Z' }),
      ];
      const runId = await run({ workflow_id, execution_id: INSTANT });

      const first = await read(id);
      expect(first).toMatchObject({ run_id: runId, experiment_id: experimentId });
      expect(first.lineage).toMatchObject({ status: 'linked', source: 'mlflow', reason: null });
      expect(first.links['mlflow_run']).toBe(
        `https://mlflow.example.com/ui/#/experiments/${experimentId}/runs/${runId}`,
      );
      expect(searches()).toBe(1);
      const rows = await stack.query(
        'select run_id, experiment_id from artifacts where id = any($1)',
        [[id, sibling]],
      );
      expect(rows).toEqual([
        { run_id: runId, experiment_id: experimentId },
        { run_id: runId, experiment_id: experimentId },
      ]);

      proxy.calls.length = 0;
      for (const each of [id, sibling]) {
        expect(await read(each)).toMatchObject({
          run_id: runId,
          lineage: { status: 'linked', source: 'stored' },
        });
      }
      await stack.fetch(`/api/artifacts/${id}/download`);
      await list(`workflow_id=${workflow_id}`);
      expect(proxy.calls).toEqual([]);
    });

    it('takes the run of a linked sibling without a call', async () => {
      const fields = { workflow_id: newWorkflow(), execution_id: INSTANT };
      await post({ ...fields, run_id: 'f'.repeat(32), experiment_id: '77' });
      const id = await post({ ...fields, execution_id: '2025-11-15T13:54:31.98165+00:00' });
      expect(await read(id)).toMatchObject({
        run_id: 'f'.repeat(32),
        experiment_id: '77',
        lineage: { status: 'linked', source: 'sibling' },
      });
      expect(proxy.calls).toEqual([]);
    });

    it('never overwrites what a hand or a client has linked', async () => {
      const fields = { workflow_id: newWorkflow(), execution_id: INSTANT };
      const byHand = await post({ ...fields, run_id: 'a'.repeat(32), experiment_id: '1' });
      const other = await post({ ...fields, run_id: 'b'.repeat(32), experiment_id: '2' });
      const open = await post(fields);
      const runId = await run(fields);
      // Siblings that disagree do not answer; MLflow does.
      expect(await read(open)).toMatchObject({ run_id: runId, lineage: { source: 'mlflow' } });
      expect(await read(byHand)).toMatchObject({ run_id: 'a'.repeat(32), experiment_id: '1' });
      expect(await read(other)).toMatchObject({ run_id: 'b'.repeat(32), experiment_id: '2' });
    });

    it('keeps an experiment that the row names, and says so', async () => {
      const fields = { workflow_id: newWorkflow(), execution_id: INSTANT };
      const id = await post({ ...fields, experiment_id: '999999' });
      const runId = await run(fields);
      const { run_id, lineage } = await read(id);
      expect(run_id).toBeNull();
      expect(lineage.status).toBe('unresolved');
      expect(lineage.reason).toContain(
        `run ${runId} for this execution, in experiment ${experimentId}`,
      );
    });

    it('says why there can be none', async () => {
      const { lineage } = await read(await post({ workflow_id: newWorkflow() }));
      expect(lineage).toEqual({
        status: 'unresolved',
        source: null,
        reason: 'The artifact names no execution_id, so no run can be looked for.',
        checked_at: null,
      });
      expect(proxy.calls).toEqual([]);
    });

    it('remembers for a while that there is none yet, and finds it later', async () => {
      const fields = { workflow_id: newWorkflow(), execution_id: INSTANT };
      const id = await post(fields);
      expect((await read(id)).lineage).toMatchObject({ status: 'pending', source: null });
      const asked = proxy.calls.length;
      const runId = await run(fields);
      expect((await read(id)).lineage).toMatchObject({ status: 'pending' });
      expect(proxy.calls.length).toBe(asked);
      const [memory] = await stack.query<{ wait: number }>(
        'select extract(epoch from next_check_at - checked_at)::int as wait from lineage_lookup where workflow = $1',
        [fields.workflow_id],
      );
      expect(memory?.wait).toBe(5);
      await forgetMisses();
      expect(await read(id)).toMatchObject({ run_id: runId, lineage: { status: 'linked' } });
      expect(
        await stack.query('select 1 from lineage_lookup where workflow = $1', [fields.workflow_id]),
      ).toEqual([]);
    });

    it('waits twice as long after every look, up to an hour, and then calls it unresolved', async () => {
      const fields = { workflow_id: newWorkflow(), execution_id: INSTANT };
      const id = await post(fields);
      const waits: number[] = [];
      for (let look = 0; look < 11; look += 1) {
        await read(id);
        const [memory] = await stack.query<{ wait: number }>(
          'select extract(epoch from next_check_at - checked_at)::int as wait from lineage_lookup where workflow = $1',
          [fields.workflow_id],
        );
        waits.push(memory?.wait ?? 0);
        await forgetMisses();
      }
      expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]);
      const { lineage } = await read(id);
      expect(lineage.status).toBe('unresolved');
      expect(lineage.reason).toContain('once an hour');
      const runId = await run(fields);
      await forgetMisses();
      expect(await read(id)).toMatchObject({ run_id: runId });
    });
  });

  describe('a row with a run and no experiment', () => {
    it('is completed by one call', async () => {
      const runId = await run({});
      const id = await post({ workflow_id: newWorkflow(), execution_id: INSTANT, run_id: runId });
      expect(await read(id)).toMatchObject({
        run_id: runId,
        experiment_id: experimentId,
        lineage: { status: 'linked', source: 'mlflow' },
      });
      expect(proxy.calls.map(({ path }) => path)).toEqual([
        `/team/mlflow/api/2.0/mlflow/runs/get?run_id=${runId}`,
      ]);
      expect(await read(id)).toMatchObject({
        experiment_id: experimentId,
        lineage: { source: 'stored' },
      });
      expect(proxy.calls.length).toBe(1);
    });

    it('is completed for a deleted run, too', async () => {
      const runId = await run({});
      await admin.deleteRun(runId);
      const id = await post({ workflow_id: newWorkflow(), run_id: runId });
      expect(await read(id)).toMatchObject({ experiment_id: experimentId });
    });

    it.each([
      ['a run that MLflow does not know', '0'.repeat(32), 'does not know the run'],
      ['a text that is no run id', 'my run / of today?', 'not one that MLflow gives'],
    ])('keeps %s, with the reason', async (_, run_id, reason) => {
      const id = await post({ workflow_id: newWorkflow(), execution_id: INSTANT, run_id });
      const { lineage, links, ...row } = await read(id);
      expect(row).toMatchObject({ run_id, experiment_id: null });
      expect(lineage).toMatchObject({ status: 'unresolved', source: 'stored' });
      expect(lineage.reason).toContain(reason);
      expect(links['mlflow_run']).toBeNull();
    });

    it('is completed in lists by one search', async () => {
      const workflow_id = newWorkflow();
      const runIds = [await run({}), await run({}), await run({})];
      for (const run_id of runIds) await post({ workflow_id, run_id });
      await stack.emptyEdge();
      const page = await list(`workflow_id=${workflow_id}`);
      expect(page.map((one) => one.experiment_id)).toEqual([
        experimentId,
        experimentId,
        experimentId,
      ]);
      expect(proxy.calls.length).toBeLessThanOrEqual(2);
    });
  });

  describe('a page of the list', () => {
    it('links 100 executions of a workflow with at most three calls', async () => {
      const workflow_id = newWorkflow();
      const instants = Array.from({ length: 100 }, (_, i) =>
        new Date(Date.UTC(2026, 0, 5, 0, 7 * i)).toISOString(),
      );
      const expected = new Map<number, string>();
      const noise = newWorkflow();
      for (const [i, instant] of instants.entries()) {
        const execution_id = instant.replace('T', ' ').replace('.000Z', '+00:00');
        const runId = await run(
          { workflow_id, execution_id },
          { startTime: Date.parse(instant) + 60_000 },
        );
        if (i % 5 === 0) await run({ workflow_id: noise, execution_id });
        expected.set(
          await post({ workflow_id, execution_id: i % 2 === 0 ? execution_id : instant }),
          runId,
        );
      }
      await stack.emptyEdge();
      proxy.calls.length = 0;
      const page = await list(`workflow_id=${workflow_id}&limit=100`);
      expect(new Map(page.map((one) => [one.id, one.run_id]))).toEqual(expected);
      expect(
        page.every((one) => one.lineage.status === 'linked' && one.lineage.source === 'mlflow'),
      ).toBe(true);
      expect(proxy.calls.length).toBeLessThanOrEqual(3);
      proxy.calls.length = 0;
      await list(`workflow_id=${workflow_id}&limit=100`);
      expect(proxy.calls).toEqual([]);
    });

    it('takes the newest run of an execution, however late its task was run again', async () => {
      const workflow_id = newWorkflow();
      const expected = new Map<number, string>();
      for (const day of [1, 2, 3]) {
        const execution_id = `2026-01-0${day} 06:00:00+00:00`;
        const startTime = Date.parse(`2026-01-0${day}T06:05:00Z`);
        const first = await run({ workflow_id, execution_id }, { startTime });
        const again = { startTime: startTime + 40 * DAY_MS };
        const second = day === 2 ? await run({ workflow_id, execution_id }, again) : first;
        // A failed one changes nothing.
        if (day === 3) await run({ workflow_id, execution_id }, { ...again, status: 'FAILED' });
        expected.set(await post({ workflow_id, execution_id }), second);
      }
      proxy.calls.length = 0;
      const page = await list(`workflow_id=${workflow_id}`);
      expect(new Map(page.map((one) => [one.id, one.run_id]))).toEqual(expected);
      expect(proxy.calls.length).toBeLessThanOrEqual(3);
    });

    it('links executions of several workflows and shapes, and leaves the rest pending', async () => {
      const [a, b, c] = [newWorkflow(), newWorkflow(), newWorkflow()];
      const execution_id = '2026-02-01 10:00:00.000003+00:00';
      const ids = [
        await post({ workflow_id: a, execution_id, symbol: tag }),
        await post({ workflow_id: b, execution_id, symbol: tag }),
        await post({ workflow_id: c, execution_id, symbol: tag }),
      ];
      const runs = [
        await run({ workflow_id: a, execution_id }),
        await run({
          airflow_dag_id: b,
          airflow_run_id: 'manual__2026-02-01T10:00:00.000003+00:00',
        }),
      ];
      const page = await list(`symbol=${tag}`);
      const byId = new Map(page.map((one) => [one.id, one]));
      expect(byId.get(ids[0] ?? 0)?.run_id).toBe(runs[0]);
      expect(byId.get(ids[2] ?? 0)?.lineage.status).toBe('pending');
      expect(proxy.calls.length).toBeLessThanOrEqual(3);
      // Beyond the calls of a page: one artifact finds it, and the page has it then.
      expect((await read(ids[1] ?? 0)).run_id).toBe(runs[1]);
      const again = await list(`symbol=${tag}`);
      expect(again.find(({ id }) => id === ids[1])?.run_id).toBe(runs[1]);
    });

    it('does not ask about the same page again at once, and one artifact still may', async () => {
      const workflow_id = newWorkflow();
      const execution_id = '2026-02-02 10:00:00+00:00';
      const id = await post({ workflow_id, execution_id });
      await list(`workflow_id=${workflow_id}`);
      proxy.calls.length = 0;
      expect((await list(`workflow_id=${workflow_id}`))[0]?.lineage.status).toBe('pending');
      expect(proxy.calls).toEqual([]);
      const runId = await run({}, { params: { execution_date: execution_id } });
      expect((await read(id)).run_id).toBe(runId);
    });
  });
});
