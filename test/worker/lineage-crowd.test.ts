import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startLineageStack,
  type LineageStack,
  type LineageWire,
  type OpenMlflow,
} from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';

interface GroupWire {
  readonly run_id: string | null;
  readonly lineage: { readonly status: string };
  readonly artifacts: LineageWire[];
}

/** Many readers, many workflows and every way of reading, on any MLflow. */
describe('lineage in a crowd', () => {
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
  beforeEach(async () => {
    await own.stack.emptyEdge();
    own.proxy.fault = null;
    own.proxy.calls.length = 0;
  });

  const minute = (i: number) =>
    new Date(Date.UTC(2024, 3, 2, 0, i)).toISOString().replace('T', ' ').replace('.000Z', '+00:00');
  const startTime = (i: number) => Date.UTC(2024, 3, 2, 0, i) + 30_000;
  const json = async <T>(path: string): Promise<T> => {
    const response = await own.stack.fetch(path);
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  };

  it('tells every reader of the same moment the truth, and remembers no miss', async () => {
    const { post, list, readPatiently: read, run, stack, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const runIds = new Map<number, string>();
    for (let i = 0; i < 3; i += 1) {
      const runId = await run(
        { workflow_id, execution_id: minute(i) },
        { startTime: startTime(i) },
      );
      runIds.set(await post({ workflow_id, execution_id: minute(i) }), runId);
    }
    const pages = await Promise.all(
      Array.from({ length: 6 }, () => list(`workflow_id=${workflow_id}`)),
    );
    for (const page of pages) {
      for (const { id, run_id, lineage } of page) {
        // A busy MLflow may leave one of them without time; nobody hears anything else.
        expect(['linked', 'pending']).toContain(lineage.status);
        expect([runIds.get(id), null]).toContain(run_id);
      }
    }
    for (const [id, runId] of runIds) expect((await read(id)).run_id).toBe(runId);
    expect(
      await stack.query('select 1 from lineage_lookup where workflow = $1', [workflow_id]),
    ).toEqual([]);
  });

  it('lets pages in opposite orders and a repair write at the same time', async () => {
    const { post, list, readPatiently: read, run, stack, newWorkflow, tag } = own;
    const workflow_id = newWorkflow();
    const expected = new Map<number, string>();
    for (let i = 0; i < 20; i += 1) {
      const runId = await run(
        { workflow_id, execution_id: minute(i) },
        { startTime: startTime(i) },
      );
      for (let copy = 0; copy < 2; copy += 1) {
        expected.set(
          await post({ workflow_id, symbol: `W${tag}`, execution_id: minute(i) }),
          runId,
        );
      }
    }
    const answers = await Promise.all([
      list(`workflow_id=${workflow_id}&sort=id`),
      list(`workflow_id=${workflow_id}&sort=-id`),
      list(`symbol=W${tag}&sort=id`),
      list(`symbol=W${tag}&sort=-id`),
      stack.send('POST', '/api/lineage/repair', {}),
    ]);
    expect((answers.at(-1) as Response).status).toBe(200);
    await own.forgetMisses();
    for (const [id, runId] of expected) expect((await read(id)).run_id).toBe(runId);
  });

  it('asks once for ten readers of one execution, whether MLflow knows it or hangs', async () => {
    const { post, run, proxy, newWorkflow } = own;
    const fields = { workflow_id: newWorkflow(), execution_id: minute(1) };
    const runId = await run(fields);
    const ids = await Promise.all(Array.from({ length: 10 }, () => post(fields)));
    const found = await Promise.all(ids.map((id) => own.read(id)));
    expect(new Set(found.map(({ run_id }) => run_id))).toEqual(new Set([runId]));
    expect(proxy.calls.filter(({ path }) => path.endsWith('runs/search'))).toHaveLength(1);

    const absent = { workflow_id: newWorkflow(), execution_id: minute(2) };
    const open = await Promise.all(Array.from({ length: 10 }, () => post(absent)));
    proxy.calls.length = 0;
    proxy.fault = () => {};
    const waited = await Promise.all(open.map((id) => own.read(id)));
    expect(new Set(waited.map(({ lineage }) => lineage.status))).toEqual(new Set(['unavailable']));
    expect(proxy.calls).toHaveLength(1);
  });

  it('takes ten readers of ten artifacts for no failure of MLflow', async () => {
    const { post, readPatiently: read, run, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const expected = new Map<number, string>();
    for (let i = 0; i < 10; i += 1) {
      const runId = await run(
        { workflow_id, execution_id: minute(i) },
        { startTime: startTime(i) },
      );
      expected.set(await post({ workflow_id, execution_id: minute(i) }), runId);
    }
    const seen = await Promise.all([...expected.keys()].map((id) => own.read(id)));
    for (const { id, run_id, lineage } of seen) {
      expect(lineage.status).not.toBe('unavailable');
      expect([expected.get(id), null]).toContain(run_id);
    }
    await own.forgetMisses();
    for (const [id, runId] of expected) expect((await read(id)).run_id).toBe(runId);
  });

  it('links a page of one workflow among many that run at the same minutes', async () => {
    const { post, list, run, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const others = [newWorkflow(), newWorkflow(), newWorkflow()];
    const expected = new Map<number, string>();
    for (let i = 0; i < 60; i += 1) {
      const execution_id = minute(i);
      const at = { startTime: startTime(i) };
      for (const other of others) await run({ workflow_id: other, execution_id }, at);
      const runId = await run({ workflow_id, airflow_dag_id: 'dag', execution_id }, at);
      expected.set(await post({ workflow_id, dag_id: 'dag', execution_id }), runId);
    }
    await own.stack.emptyEdge();
    own.proxy.calls.length = 0;
    const page = await list(`workflow_id=${workflow_id}`);
    expect(new Map(page.map((one) => [one.id, one.run_id]))).toEqual(expected);
    expect(own.proxy.calls.length).toBeLessThanOrEqual(3);
  });

  it('asks for the executions of each workflow in the way that is usual there', async () => {
    const { post, readPatiently: read, list, run, newWorkflow, tag } = own;
    const [a, b, c] = [newWorkflow(), newWorkflow(), newWorkflow()];
    const tagged = [
      { workflow_id: a, make: (execution_id: string) => ({ workflow_id: a, execution_id }) },
      { workflow_id: b, make: (execution_date: string) => ({ workflow_id: b, execution_date }) },
      // The instant of a run id is not always the execution's; here it has been, so it is taken.
      {
        workflow_id: c,
        make: (execution: string) => ({
          airflow_dag_id: c,
          airflow_run_id: `scheduled__${execution.replace(' ', 'T')}`,
        }),
      },
    ];
    const expected = new Map<number, string>();
    for (const { workflow_id, make } of tagged) {
      await run(make(minute(500)), { startTime: startTime(500) });
      await read(await post({ workflow_id, execution_id: minute(500) }));
      for (let i = 0; i < 5; i += 1) {
        const runId = await run(make(minute(i)), { startTime: startTime(i) });
        expected.set(
          await post({ workflow_id, symbol: `U${tag}`, execution_id: minute(i) }),
          runId,
        );
      }
    }
    const page = () => list(`symbol=U${tag}`);
    // Three calls a page: the largest groups first, the others when it is looked at again.
    for (let look = 0; look < 2; look += 1) {
      await page();
      await own.forgetMisses();
    }
    const runs = new Map((await page()).map((one) => [one.id, one.run_id]));
    expect(runs).toEqual(expected);
  });

  it('links by every way of reading', async () => {
    const { post, run, newWorkflow } = own;
    const paths: ((workflow: string, id: number, execution: string) => string)[] = [
      (_, id) => `/api/artifacts/${id}/download`,
      (workflow, _, execution) =>
        `/api/executions/${encodeURIComponent(execution)}?workflow_id=${workflow}`,
      (workflow) => `/api/executions?workflow_id=${workflow}`,
      (workflow) => `/api/artifacts?group_by=execution_id&workflow_id=${workflow}`,
    ];
    for (const path of paths) {
      const workflow_id = newWorkflow();
      const execution_id = '2024-04-03 11:00:00+00:00';
      const runId = await run(
        { workflow_id, execution_id },
        { startTime: Date.UTC(2024, 3, 3, 11) },
      );
      const id = await post({ workflow_id, execution_id });
      const answer = await json<{
        executions?: GroupWire[];
        groups?: GroupWire[];
        run_id?: string;
      }>(path(workflow_id, id, execution_id));
      const [found] = answer.executions ?? answer.groups ?? [answer];
      expect(found?.run_id).toBe(runId);
    }
  });

  it('looks for one execution in every way, as for one artifact', async () => {
    const { post, run, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const execution_id = '2024-04-04 11:00:00+00:00';
    const runId = await run(
      { airflow_dag_id: workflow_id },
      { params: { execution_date: execution_id } },
    );
    await post({ workflow_id, execution_id });
    const path = `/api/executions/${encodeURIComponent(execution_id)}?workflow_id=${workflow_id}`;
    expect((await json<GroupWire>(path)).run_id).toBe(runId);
  });

  it('gives the same answer, and 304, when nothing has changed since a look that found nothing', async () => {
    const { post, stack, newWorkflow } = own;
    const workflow_id = newWorkflow();
    await post({ workflow_id, execution_id: minute(1) });
    const first = await stack.fetch(`/api/artifacts?workflow_id=${workflow_id}`);
    const etag = first.headers.get('etag') ?? '';
    const again = await stack.fetch(`/api/artifacts?workflow_id=${workflow_id}`, {
      headers: { 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
  });

  it('recovers at once from an MLflow that shows no experiment for a moment', async () => {
    const { post, readPatiently: read, run, proxy, newWorkflow } = own;
    const workflow_id = newWorkflow();
    const runId = await run({ workflow_id, execution_id: minute(1) });
    const id = await post({ workflow_id, execution_id: minute(1) });
    proxy.fault = (_call, response) =>
      void response.setHeader('content-type', 'application/json').end('{}');
    expect((await read(id)).lineage.reason).toContain('no experiment');
    proxy.fault = null;
    await own.forgetMisses();
    expect((await read(id)).run_id).toBe(runId);
  });

  it('shows where people look that MLflow failed, and a repair ends the silence for everybody', async () => {
    const { post, readPatiently: read, run, proxy, stack, newWorkflow } = own;
    const mlflow = async () =>
      (await json<{ mlflow: { ok: boolean; detail: string } }>('/api/lineage/status')).mlflow;
    const fields = { workflow_id: newWorkflow(), execution_id: minute(1) };
    const open = { workflow_id: newWorkflow(), execution_id: minute(2) };
    const [id, other] = [await post(fields), await post(open)];
    const runs = [await run(fields), await run(open)];
    proxy.fault = (_call, response) =>
      void response.writeHead(429, { 'retry-after': '9999' }).end();
    expect((await read(id)).lineage.status).toBe('unavailable');
    expect(await mlflow()).toMatchObject({ ok: false, detail: expect.stringContaining('429') });
    proxy.fault = null;
    const repaired = await stack.send('POST', '/api/lineage/repair', { limit: 1 });
    expect(repaired.status).toBe(200);
    await own.forgetMisses();
    const found = [await read(id), await read(other)];
    expect(found.map(({ run_id }) => run_id)).toEqual(runs);
    expect(await mlflow()).toMatchObject({ ok: true });
  });
});
