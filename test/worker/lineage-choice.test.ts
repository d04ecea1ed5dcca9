import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLineageStack, type LineageStack, type OpenMlflow } from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';

/** Which run belongs to an artifact where several could, or none is sure, on any MLflow. */
describe('lineage, the choice of a run', () => {
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
  beforeEach(() => {
    own.proxy.calls.length = 0;
  });

  /**
   * An instant that no other test of this file has, nor any other run of these suites on the same
   * server.
   */
  const startedAt = Date.UTC(2019, 0, 1) + (Date.now() % 10_000_000) * 1_000;
  const newInstant = () =>
    new Date(startedAt + (minutes += 1) * 60_000)
      .toISOString()
      .replace('T', ' ')
      .replace('.000Z', '+00:00');
  const searches = () => own.proxy.calls.filter(({ path }) => path.endsWith('runs/search'));

  it('prefers the run that names the workflow, however each is tagged and whatever was usual so far', async () => {
    const { post, readPatiently: read, run, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const [earlier, execution_id] = [newInstant(), newInstant()];
    // The usual way of this workflow is the date alone.
    const usual = await run({ airflow_dag_id: workflow_id, execution_date: earlier });
    expect((await read(await post({ workflow_id, execution_id: earlier }))).run_id).toBe(usual);
    await run({ execution_date: execution_id });
    const named = await run({ workflow_id, execution_id });
    expect((await read(await post({ workflow_id, execution_id }))).run_id).toBe(named);
  });

  it('does not take a run that names no workflow from a page, and takes it when it was asked for alone', async () => {
    const { post, readPatiently: read, list, run, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const execution_id = newInstant();
    const runId = await run({ execution_id });
    const id = await post({ workflow_id, execution_id });
    expect((await list(`workflow_id=${workflow_id}`))[0]?.lineage.status).toBe('pending');
    expect((await read(id)).run_id).toBe(runId);
  });

  it.each<[string, (workflow: string, execution: string) => Record<string, string>]>([
    ['tagged alike', (workflow_id, execution_id) => ({ workflow_id, execution_id })],
    ['tagged by date', (workflow_id, execution_date) => ({ workflow_id, execution_date })],
    [
      'tagged by Airflow',
      (airflow_dag_id, execution) => ({
        airflow_dag_id,
        airflow_run_id: `manual__${execution.replace(' ', 'T')}`,
      }),
    ],
  ])('does not guess between runs of two workflows, %s', async (_, other) => {
    const { post, readPatiently: read, list, run, newWorkflow } = own;
    const execution_id = newInstant();
    const [a, b] = [newWorkflow(), newWorkflow()];
    await run({ workflow_id: a, execution_id });
    await run(other(b, execution_id));
    const id = await post({ execution_id });
    const { run_id, lineage } = await read(id);
    expect(run_id).toBeNull();
    expect(lineage.status).toBe('unresolved');
    expect(lineage.reason).toContain('names no workflow');
    expect(lineage.reason).toContain(a);
    expect(lineage.reason).toContain(b);
    await own.forgetMisses();
    expect((await list(`execution_id=${encodeURIComponent(execution_id)}`))[0]?.run_id).toBeNull();
  });

  it('does not guess while artifacts of another workflow share the execution id', async () => {
    const { post, readPatiently: read, run, newWorkflow } = own;
    const execution_id = newInstant();
    const [a, b] = [newWorkflow(), newWorkflow()];
    await run({ workflow_id: a, execution_id });
    await post({ workflow_id: b, execution_id });
    const { run_id, lineage } = await read(await post({ execution_id }));
    expect(run_id).toBeNull();
    expect(lineage.reason).toContain(`"${b}" has artifacts of the same execution_id`);
  });

  it('knows one workflow under both of its names', async () => {
    const { post, readPatiently: read, run, newWorkflow } = own;
    const [workflow_id, dag_id] = [newWorkflow(), newWorkflow()];
    const [first, second] = [newInstant(), newInstant()];
    const one = await run({ workflow_id, airflow_dag_id: dag_id, execution_id: first });
    expect((await read(await post({ execution_id: first }))).run_id).toBe(one);
    // A row that has only the DAG is no other workflow.
    const unnamed = await run({}, { params: { execution_date: second } });
    await post({ dag_id, execution_id: second });
    expect((await read(await post({ workflow_id, dag_id, execution_id: second }))).run_id).toBe(
      unnamed,
    );
  });

  it('keeps two workflows of one DAG apart, and does not guess for who names the DAG alone', async () => {
    const { post, readPatiently: read, list, run, newWorkflow } = own;
    const execution_id = newInstant();
    const [a, b, dag_id] = [newWorkflow(), newWorkflow(), newWorkflow()];
    const runs = [
      await run({ workflow_id: a, airflow_dag_id: dag_id, execution_id }),
      await run({ workflow_id: b, airflow_dag_id: dag_id, execution_id }),
    ];
    const ids = [
      await post({ workflow_id: a, dag_id, execution_id }),
      await post({ workflow_id: b, dag_id, execution_id }),
    ];
    expect(
      (await list(`dag_id=${dag_id}`)).every((one) => [null, ...runs].includes(one.run_id)),
    ).toBe(true);
    await own.forgetMisses();
    for (const [i, id] of ids.entries()) expect((await read(id)).run_id).toBe(runs[i]);
    const { run_id, lineage } = await read(await post({ dag_id, execution_id }));
    expect(run_id).toBeNull();
    expect(lineage.reason).toContain('names only a DAG');
  });

  it('gives the repair every workflow and DAG that rows of an execution name', async () => {
    const { post, readPatiently: read, run, newWorkflow, stack } = own;
    const execution_id = newInstant();
    const [workflow_id, first, second] = [newWorkflow(), newWorkflow(), newWorkflow()];
    const ids = [
      await post({ workflow_id, dag_id: second, execution_id }),
      await post({ workflow_id, dag_id: first, execution_id }),
    ];
    const runId = await run({ airflow_dag_id: first, execution_date: execution_id });
    await stack.send('POST', '/api/lineage/repair', {});
    for (const id of ids) expect((await read(id)).run_id).toBe(runId);
  });

  it('finds its run among more than 100 of the same instant', async () => {
    const { post, readPatiently: read, run, newWorkflow } = own;
    const execution_id = newInstant();
    const workflow_id = newWorkflow();
    const runId = await run({ workflow_id, execution_id }, { startTime: 1_000 });
    const noise = Array.from({ length: 120 }, (_, i) => i);
    const make = async () => {
      while (noise.pop() !== undefined) await run({ workflow_id: newWorkflow(), execution_id });
    };
    await Promise.all([make(), make(), make(), make()]);
    expect((await read(await post({ workflow_id, execution_id }))).run_id).toBe(runId);
  });

  it('keeps run ids with a suffix apart from those without', async () => {
    const { post, readPatiently: read, run, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const plain = `manual__${newInstant().replace(' ', 'T')}`;
    const runId = await run({ workflow_id, airflow_run_id: plain });
    expect((await read(await post({ workflow_id, execution_id: plain }))).run_id).toBe(runId);
    const other = await post({ workflow_id, execution_id: `${plain}_AbCd1234` });
    expect((await read(other)).run_id).toBeNull();
    const suffixed = await run({ workflow_id, airflow_run_id: `${plain}_AbCd1234` });
    await own.forgetMisses();
    expect((await read(other)).run_id).toBe(suffixed);
  });

  it('asks in the usual way of the workflow alone, and a repair in all', async () => {
    const { post, readPatiently: read, run, newWorkflow, stack } = own;
    const workflow_id = newWorkflow();
    const [first, second] = [newInstant(), newInstant()];
    await run({ workflow_id, execution_id: first });
    await read(await post({ workflow_id, execution_id: first }));
    const unusual = await run({ airflow_dag_id: workflow_id, execution_date: second });
    const id = await post({ workflow_id, execution_id: second });
    own.proxy.calls.length = 0;
    expect((await read(id)).lineage.status).toBe('pending');
    expect(searches()).toHaveLength(1);
    await stack.send('POST', '/api/lineage/repair', {});
    expect((await read(id)).run_id).toBe(unusual);
  });

  it('completes a run from other rows of it without a call', async () => {
    const { post, readPatiently: read, newWorkflow } = own;
    const run_id = newWorkflow().replaceAll('-', '');
    await post({ run_id, experiment_id: '4711' });
    const id = await post({ run_id });
    expect(await read(id)).toMatchObject({
      experiment_id: '4711',
      lineage: { status: 'linked', source: 'sibling' },
    });
    expect(own.proxy.calls).toEqual([]);
  });

  it('takes the run that siblings name, and asks MLflow for its experiment alone', async () => {
    const { post, readPatiently: read, run, newWorkflow, experimentId } = own;
    const fields = { workflow_id: newWorkflow(), execution_id: newInstant() };
    const byHand = await run({});
    await run(fields);
    await post({ ...fields, run_id: byHand });
    const id = await post(fields);
    expect(await read(id)).toMatchObject({
      run_id: byHand,
      experiment_id: experimentId,
      lineage: { source: 'sibling' },
    });
    expect(searches()).toEqual([]);
  });

  it('completes deleted runs in lists and by repair', async () => {
    const { post, list, readPatiently: read, run, admin, newWorkflow, stack, experimentId } = own;
    const workflow_id = newWorkflow();
    const runs = [await run({}), await run({})];
    for (const runId of runs) await admin.deleteRun(runId);
    for (const run_id of runs) await post({ workflow_id, run_id });
    const page = await list(`workflow_id=${workflow_id}`);
    expect(page.map((one) => one.experiment_id)).toEqual([experimentId, experimentId]);

    // In an experiment that is gone only the run itself can be asked for.
    const gone = await admin.createExperiment(`gone ${own.tag} ${workflow_id}`);
    const lost = [await run({}, { experimentId: gone }), await run({}, { experimentId: gone })];
    await admin.deleteExperiment(gone);
    const ids: number[] = [];
    for (const run_id of lost) ids.push(await post({ workflow_id, run_id }));
    await stack.emptyEdge();
    const open = (await list(`workflow_id=${workflow_id}`)).filter(({ id }) => ids.includes(id));
    expect(open.map(({ lineage }) => lineage.status)).toEqual(['pending', 'pending']);
    await stack.send('POST', '/api/lineage/repair', {});
    for (const id of ids) expect((await read(id)).experiment_id).toBe(gone);
  });

  it('waits longer and longer where the row names another experiment', async () => {
    const { post, readPatiently: read, run, newWorkflow, stack } = own;
    const fields = { workflow_id: newWorkflow(), execution_id: newInstant() };
    const id = await post({ ...fields, experiment_id: '999999' });
    await run(fields);
    const waits: number[] = [];
    for (let look = 0; look < 3; look += 1) {
      await read(id);
      const [memory] = await stack.query<{ wait: number }>(
        'select extract(epoch from next_check_at - checked_at)::int as wait from lineage_lookup where workflow = $1',
        [fields.workflow_id],
      );
      waits.push(memory?.wait ?? 0);
      await own.forgetMisses();
    }
    expect(waits).toEqual([5, 10, 20]);
    // Another row of the same execution takes the run all the same.
    const open = await post(fields);
    expect((await read(open)).lineage.status).toBe('linked');
    expect((await read(id)).lineage.status).toBe('unresolved');
  });

  it('reads empty texts of older rows as nothing', async () => {
    const { readPatiently: read, list, run, newWorkflow, stack } = own;
    const execution_id = newInstant();
    const workflow_id = newWorkflow();
    const runId = await run({ workflow_id, execution_id });
    const [row] = await stack.query<{ id: number }>(
      `insert into artifacts (name, type, run_id, experiment_id, workflow_id, execution_id, dag_id)
         values ('old', 'llm', '', '', $1, $2, ''), ('older', 'llm', '', null, '', '', null) returning id`,
      [workflow_id, execution_id],
    );
    const id = row?.id ?? 0;
    expect((await list(`workflow_id=${workflow_id}&lineage=pending`)).map((one) => one.id)).toEqual(
      [id],
    );
    expect(await read(id)).toMatchObject({ run_id: runId, lineage: { status: 'linked' } });
    expect(await read(id + 1)).toMatchObject({
      run_id: null,
      experiment_id: null,
      lineage: { status: 'unresolved', reason: expect.stringContaining('no execution_id') },
      links: { mlflow_run: null, execution: null },
    });
    expect((await list('lineage=unresolved')).some((one) => one.id === id + 1)).toBe(true);
  });
});
