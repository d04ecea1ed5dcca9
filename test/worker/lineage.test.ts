import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startLineageStack,
  type LineageStack,
  type LineageWire,
  type OpenMlflow,
} from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';
import type { MlflowAdmin, NewRun } from '../support/mlflow-admin.ts';
import type { MlflowProxy } from '../support/mlflow-proxy.ts';
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
