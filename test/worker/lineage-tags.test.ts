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

  describe('how producers tag their runs', () => {
    const FORMS = [
      '2025-11-15 13:54:31.981650+00:00',
      '2025-11-15T13:54:31.981650+00:00',
      '2025-11-15 13:54:31.981650Z',
      '2025-11-15T13:54:31.98165Z',
      '2025-11-15T15:54:31.981650+02:00',
      'manual__2025-11-15T13:54:31.981650+00:00',
      'scheduled__2025-11-15T13:54:31.981650+00:00',
    ];
    const dateOf = (form: string) => form.replace(/^\w+__/, '');
    const SHAPES: [string, (workflow: string, form: string) => Partial<NewRun>][] = [
      [
        'workflow_id + execution_id',
        (workflow_id, execution_id) => ({ tags: { workflow_id, execution_id } }),
      ],
      [
        'airflow_run_id + airflow_dag_id',
        (airflow_dag_id, airflow_run_id) => ({ tags: { airflow_dag_id, airflow_run_id } }),
      ],
      ['airflow_run_id', (_, airflow_run_id) => ({ tags: { airflow_run_id } })],
      ['tags.execution_date', (_, form) => ({ tags: { execution_date: dateOf(form) } })],
      ['params.execution_date', (_, form) => ({ params: { execution_date: dateOf(form) } })],
    ];
    // Each case has an instant of its own, because runs that name no workflow are told apart by
    // nothing else.
    let second = 0;
    const cases = SHAPES.flatMap(([shape, make]) => FORMS.map((form) => ({ shape, make, form })));

    it.each(cases)('$shape, execution $form', async ({ make, form }) => {
      second += 1;
      const shifted = (text: string) =>
        text.replace(
          /:54:31/,
          `:${String(10 + Math.floor(second / 60))}:${String(second % 60).padStart(2, '0')}`,
        );
      const workflow_id = newWorkflow();
      const id = await post({ workflow_id, execution_id: shifted(form) });
      const runId = await run({}, make(workflow_id, shifted(form)));
      expect(await read(id)).toMatchObject({
        run_id: runId,
        experiment_id: experimentId,
        lineage: { status: 'linked' },
      });
    });

    it.each([
      ['an instant', '2025-12-01 08:00:00+00:00', { execution_id: '2025-12-01T08:00:00Z' }],
      [
        'milliseconds',
        '2025-12-01 08:00:01.500000+00:00',
        { execution_id: '2025-12-01T08:00:01.500Z' },
      ],
      [
        'a run id for an instant',
        '2025-12-01 08:00:02+00:00',
        { airflow_run_id: 'manual__2025-12-01T08:00:02+00:00' },
      ],
      [
        'an instant for a run id',
        'scheduled__2025-12-01T08:00:03+00:00',
        { execution_id: '2025-12-01 08:00:03+00:00' },
      ],
      [
        'dag_id for workflow_id',
        '2025-12-01 08:00:04+00:00',
        { execution_id: '2025-12-01 08:00:04+00:00' },
      ],
      ['a text of its own', 'nightly build #7', { execution_id: 'nightly build #7' }],
    ])('the same execution, written differently: %s', async (name, execution_id, tags) => {
      const workflow = newWorkflow();
      const id = await post(
        name.startsWith('dag_id')
          ? { dag_id: workflow, execution_id }
          : { workflow_id: workflow, execution_id },
      );
      const runId = await run({ workflow_id: workflow, ...tags });
      expect(await read(id)).toMatchObject({ run_id: runId });
    });

    it('keeps two workflows that share an instant apart', async () => {
      const execution_id = '2025-12-02 09:00:00+00:00';
      const [a, b, c] = [newWorkflow(), newWorkflow(), newWorkflow()];
      const ids = [
        await post({ workflow_id: a, execution_id }),
        await post({ workflow_id: b, execution_id }),
      ];
      const third = await post({ workflow_id: c, execution_id });
      const runs = [
        await run({ workflow_id: a, execution_id }),
        await run({ airflow_dag_id: b, airflow_run_id: `manual__2025-12-02T09:00:00+00:00` }),
      ];
      // A run that names no workflow could be anybody's.
      await run({ execution_date: execution_id });
      expect((await read(ids[0] ?? 0)).run_id).toBe(runs[0]);
      expect((await read(ids[1] ?? 0)).run_id).toBe(runs[1]);
      const { run_id, lineage } = await read(third);
      expect(run_id).toBeNull();
      expect(lineage.status).toBe('unresolved');
      expect(lineage.reason).toContain('names no workflow');
    });

    it('links no run of another workflow, and none of another instant', async () => {
      const workflow_id = newWorkflow();
      const id = await post({ workflow_id, execution_id: '2025-12-03 09:00:00+00:00' });
      await run({ workflow_id: newWorkflow(), execution_id: '2025-12-03 09:00:00+00:00' });
      await run({ workflow_id, execution_id: '2025-12-03 09:00:00.000001+00:00' });
      await run({
        workflow_id,
        execution_id: '2025-12-04 09:00:00+00:00',
        execution_date: '2025-12-03 09:00:00+00:00',
      });
      expect((await read(id)).lineage.status).toBe('pending');
    });

    it('takes a run id that matches as text before an instant (Airflow 3: run_after)', async () => {
      const workflow_id = newWorkflow();
      const runAfter = '2025-12-05T09:00:00.000007+00:00';
      const id = await post({ workflow_id, execution_id: `manual__${runAfter}` });
      await run(
        { workflow_id, execution_id: runAfter.replace('T', ' ') },
        { startTime: Date.now() },
      );
      const own = await run(
        {
          workflow_id,
          airflow_run_id: `manual__${runAfter}`,
          execution_date: '2025-12-01T00:00:00+00:00',
        },
        { startTime: Date.now() - DAY_MS },
      );
      expect((await read(id)).run_id).toBe(own);
    });

    it('chooses among several runs: the newest that is well, a failed one only alone', async () => {
      const now = Date.now();
      const at = (workflow_id: string) => ({ workflow_id, execution_id: INSTANT });
      const [a, b, c] = [newWorkflow(), newWorkflow(), newWorkflow()];
      await run(at(a), { startTime: now - 3_000 });
      const newest = await run(at(a), { startTime: now - 2_000 });
      await run(at(a), { startTime: now - 1_000, status: 'FAILED' });
      await run(at(a), { startTime: now, status: 'KILLED' });
      await run(at(b), { startTime: now - 2_000 });
      const running = await run(at(b), { startTime: now, status: 'RUNNING' });
      await run(at(c), { startTime: now - 2_000, status: 'KILLED' });
      const failed = await run(at(c), { startTime: now - 1_000, status: 'FAILED' });
      for (const [workflow, expected] of [
        [a, newest],
        [b, running],
        [c, failed],
      ] as const) {
        expect((await read(await post(at(workflow)))).run_id).toBe(expected);
      }
    });

    it('takes a well run of another shape before a failed one of the usual shape', async () => {
      const workflow_id = newWorkflow();
      const execution_id = '2025-12-06 09:00:00+00:00';
      await run({ workflow_id, execution_id }, { status: 'FAILED' });
      const well = await run(
        { airflow_dag_id: workflow_id, execution_date: execution_id },
        { startTime: 5_000 },
      );
      expect((await read(await post({ workflow_id, execution_id }))).run_id).toBe(well);
    });

    it('hides deleted runs and runs of deleted experiments, and takes runs that never started', async () => {
      const [a, b, c] = [newWorkflow(), newWorkflow(), newWorkflow()];
      await admin.deleteRun(await run({ workflow_id: a, execution_id: INSTANT }));
      const gone = await admin.createExperiment(`gone ${tag}`);
      await run({ workflow_id: b, execution_id: INSTANT }, { experimentId: gone });
      await admin.deleteExperiment(gone);
      const unstarted = await admin.createRun({
        experimentId,
        tags: { workflow_id: c, execution_id: INSTANT },
      });
      await stack.emptyEdge();
      expect((await read(await post({ workflow_id: a, execution_id: INSTANT }))).run_id).toBeNull();
      expect((await read(await post({ workflow_id: b, execution_id: INSTANT }))).run_id).toBeNull();
      expect((await read(await post({ workflow_id: c, execution_id: INSTANT }))).run_id).toBe(
        unstarted,
      );
    });

    it.each([
      ['apostrophe', "it's"],
      ['quotation marks', 'say "hi"'],
      ['backslash', 'back\\slash\\'],
      ['escaped quote', "a\\'b"],
      ['percent', '100% of %s'],
      ['underscore', 'under_score'],
      ['newline', 'new\nline\r\n'],
      ['SQL comment', 'x -- y /* z */ ; drop'],
      ['AND', 'a AND tags.b = c'],
      ['backtick', '`tick`'],
      ['emoji', '🚀 é ü 中'],
      ['255 characters', 'x'.repeat(255)],
      ['255 characters beyond the BMP', '🚀'.repeat(255)],
      ['spaces around', ' padded '],
    ])('links ids with %s', async (_, text) => {
      const workflow_id = newWorkflow();
      const id = await post({ workflow_id, execution_id: text });
      await run({ workflow_id, execution_id: `${text}x`.slice(1) });
      const runId = await run({ workflow_id, execution_id: text });
      expect((await read(id)).run_id).toBe(runId);
    });

    it('refuses an id with both kinds of quotes before it reaches MLflow', async () => {
      const workflow_id = newWorkflow();
      const id = await post({ workflow_id, execution_id: `both ' and "` });
      const { lineage } = await read(id);
      expect(lineage).toMatchObject({ status: 'unresolved', source: null });
      expect(lineage.reason).toContain('both kinds of quotation marks');
      expect(proxy.calls).toEqual([]);
      const [unresolved] = await list(`workflow_id=${workflow_id}`);
      expect(unresolved?.lineage.status).toBe('unresolved');
      expect(proxy.calls).toEqual([]);
    });

    it('takes odd workflow names', async () => {
      const workflow_id = `${newWorkflow()} it's "odd" \\ 100%`;
      const id = await post({ workflow_id, execution_id: INSTANT });
      const runId = await run({ workflow_id, execution_id: INSTANT });
      expect((await read(id)).run_id).toBe(runId);
      const another = await post({ workflow_id, execution_id: '2025-12-07 00:00:00+00:00' });
      const anotherRun = await run({ workflow_id, execution_id: '2025-12-07 00:00:00+00:00' });
      const page = await list(`workflow_id=${encodeURIComponent(workflow_id)}`);
      expect(page.find((one) => one.id === another)?.run_id).toBe(anotherRun);
    });
  });
});
