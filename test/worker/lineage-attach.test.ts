import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLineageStack, type LineageStack, type OpenMlflow } from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';

const EXECUTION = '2025-11-15 13:54:31.981650+00:00';

interface Attached {
  readonly attached: number[];
  readonly skipped: { id: number; reason: string }[];
}

/** Repair, cron, attaching by hand and the status, on any MLflow. */
describe('lineage repair', () => {
  let mlflow: OpenMlflow;
  let own: LineageStack;

  beforeAll(async () => {
    mlflow = await openMlflow();
    own = await startLineageStack(mlflow, { READ_ACCESS: 'public' });
  });
  afterAll(async () => {
    await own.close();
    await mlflow.close();
  });
  afterEach(async () => {
    // A breaker that was left open belongs to its isolate.
    if (own.proxy.fault !== null) await own.stack.emptyEdge();
    own.proxy.fault = null;
  });
  beforeEach(async () => {
    await own.stack.query('truncate artifacts, lineage_lookup');
    own.proxy.calls.length = 0;
  });

  async function attach(body: object): Promise<Attached> {
    const response = await own.stack.send('POST', '/api/lineage/attach', body);
    expect(response.status).toBe(200);
    return (await response.json()) as Attached;
  }
  async function fieldsOfProblem(path: string, body: unknown) {
    const response = await own.stack.send('POST', path, body);
    const problem = (await response.json()) as { errors?: { field: string }[] };
    return [response.status, problem.errors?.map(({ field }) => field)];
  }

  describe('POST /api/lineage/attach', () => {
    const run_id = 'a'.repeat(32);

    it('links by ids, and says what became of each', async () => {
      const { post, read, stack, newWorkflow } = own;
      const open = await post({ workflow_id: newWorkflow() });
      const taken = await post({
        workflow_id: newWorkflow(),
        run_id: 'b'.repeat(32),
        experiment_id: '2',
      });
      const same = await post({ workflow_id: newWorkflow(), run_id, experiment_id: '1' });
      const half = await post({ workflow_id: newWorkflow(), run_id });
      const ids = [open, taken, same, half, 2_000_000_000, open];
      expect(await attach({ artifact_ids: ids, run_id, experiment_id: '1' })).toEqual({
        attached: [open, half],
        skipped: [
          {
            id: taken,
            reason: `It names run ${'b'.repeat(32)} already; "overwrite": true replaces it.`,
          },
          { id: same, reason: 'It names this run already.' },
          { id: 2_000_000_000, reason: 'There is no such artifact.' },
        ],
      });
      expect(await read(open)).toMatchObject({
        run_id,
        experiment_id: '1',
        lineage: { status: 'linked', source: 'stored' },
      });
      const kept = await post({ workflow_id: newWorkflow(), experiment_id: '5' });
      expect(await attach({ artifact_ids: [kept], run_id, experiment_id: '1' })).toEqual({
        attached: [],
        skipped: [
          { id: kept, reason: 'It names experiment 5 already; "overwrite": true replaces it.' },
        ],
      });
      expect(await attach({ artifact_ids: [kept], run_id })).toEqual({
        attached: [kept],
        skipped: [],
      });
      expect(await read(kept)).toMatchObject({ run_id, experiment_id: '5' });
      expect(
        await attach({
          artifact_ids: [taken, kept],
          run_id,
          experiment_id: '1',
          overwrite: true,
        }),
      ).toEqual({
        attached: [taken, kept],
        skipped: [],
      });
      expect(await stack.query('select distinct run_id, experiment_id from artifacts')).toEqual([
        { run_id, experiment_id: '1' },
      ]);
    });

    it('links a whole execution, however its id is written, and no other', async () => {
      const { post, newWorkflow } = own;
      const workflow_id = newWorkflow();
      const ids = [
        await post({ workflow_id, execution_id: EXECUTION }),
        await post({ workflow_id, execution_id: '2025-11-15T13:54:31.98165Z' }),
      ];
      await post({ workflow_id, execution_id: '2025-11-15 13:54:31.981651+00:00' });
      await post({ workflow_id: newWorkflow(), execution_id: EXECUTION });
      const report = await attach({
        workflow_id,
        execution_id: EXECUTION,
        run_id,
        experiment_id: '1',
      });
      expect(report).toEqual({ attached: ids, skipped: [] });
      const byDag = await post({ dag_id: workflow_id, execution_id: 'by dag' });
      const nameless = await post({ execution_id: `nameless ${workflow_id}` });
      const more = { run_id, experiment_id: '1' };
      expect(await attach({ ...more, workflow_id, execution_id: 'by dag' })).toMatchObject({
        attached: [byDag],
      });
      expect(
        await attach({ ...more, workflow_id: '', execution_id: `nameless ${workflow_id}` }),
      ).toMatchObject({ attached: [nameless] });
      const absent = await own.stack.send('POST', '/api/lineage/attach', {
        ...more,
        workflow_id,
        execution_id: 'nobody has it',
      });
      expect(absent.status).toBe(404);
    });

    it('forgets the experiment when another run is patched in', async () => {
      const { post, read, run, stack, newWorkflow, experimentId } = own;
      const runId = await run({});
      const id = await post({
        workflow_id: newWorkflow(),
        run_id: 'b'.repeat(32),
        experiment_id: '9',
      });
      await stack.send('PATCH', `/api/artifacts/${id}`, {
        run_id: 'b'.repeat(32),
        action: 'buy',
      });
      expect(await read(id)).toMatchObject({ experiment_id: '9' });
      await stack.send('PATCH', `/api/artifacts/${id}`, { run_id: runId });
      expect(await read(id)).toMatchObject({ run_id: runId, experiment_id: experimentId });
    });

    it('leaves the experiment to MLflow when it is not said', async () => {
      const { post, read, run, newWorkflow, experimentId } = own;
      const runId = await run({});
      const id = await post({
        workflow_id: newWorkflow(),
        run_id: 'b'.repeat(32),
        experiment_id: '9',
      });
      expect(await attach({ artifact_ids: [id], run_id: runId, overwrite: true })).toMatchObject({
        attached: [id],
      });
      expect(await read(id)).toMatchObject({ run_id: runId, experiment_id: experimentId });
    });

    it.each<[string, object, string[]]>([
      ['no target', { run_id }, ['artifact_ids']],
      [
        'two targets',
        { run_id, artifact_ids: [1], execution_id: 'x', workflow_id: 'y' },
        ['artifact_ids'],
      ],
      ['half an execution', { run_id, execution_id: 'x' }, ['workflow_id']],
      ['no run', { artifact_ids: [1] }, ['run_id']],
      ['no ids', { run_id, artifact_ids: [] }, ['artifact_ids']],
      [
        'odd ids',
        { run_id, artifact_ids: [1, 0, 2.5, 3e9] },
        ['artifact_ids[1]', 'artifact_ids[2]', 'artifact_ids[3]'],
      ],
      ['a run id that is none', { run_id: "we ird/%&'", artifact_ids: [1] }, ['run_id']],
      [
        'an experiment that is none',
        { run_id, experiment_id: 'ü 1', artifact_ids: [1] },
        ['experiment_id'],
      ],
      ['a run id that is too long', { run_id: 'x'.repeat(256), artifact_ids: [1] }, ['run_id']],
      ['U+0000', { run_id: 'a\0', artifact_ids: [1] }, ['run_id']],
      ['unknown', { run_id, artifact_ids: [1], force: true }, ['force']],
    ])('names what is wrong: %s', async (_, body, fields) => {
      expect(await fieldsOfProblem('/api/lineage/attach', body)).toEqual([422, fields]);
    });
  });
});
