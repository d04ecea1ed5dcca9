import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLineageStack, type LineageStack, type OpenMlflow } from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';

const EXECUTION = '2025-11-15 13:54:31.981650+00:00';
const CRON = '*/5 * * * *';

interface Report {
  readonly checked: number;
  readonly linked: { id: number; run_id: string; experiment_id: string }[];
  readonly finished: boolean;
  readonly reason: string | null;
  readonly checked_before: string;
}
interface Status {
  readonly mlflow: {
    configured: boolean;
    ok: boolean | null;
    detail: string;
    checked_at: string | null;
  };
  readonly artifacts: Record<string, number>;
  readonly unlinked: {
    workflow_id: string | null;
    execution_id: string | null;
    artifacts: number;
    status: string;
    reason: string;
    attempts: number;
  }[];
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

  async function repair(body?: object): Promise<Report> {
    const response = await own.stack.send('POST', '/api/lineage/repair', body);
    expect(response.status).toBe(200);
    return (await response.json()) as Report;
  }
  async function status(): Promise<Status> {
    const response = await own.stack.fetch('/api/lineage/status');
    expect(response.status).toBe(200);
    return (await response.json()) as Status;
  }
  async function fieldsOfProblem(path: string, body: unknown) {
    const response = await own.stack.send('POST', path, body);
    const problem = (await response.json()) as { errors?: { field: string }[] };
    return [response.status, problem.errors?.map(({ field }) => field)];
  }
  const minute = (i: number) =>
    `2026-01-05 ${String(10 + Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}:00+00:00`;
  const events = (event: string) =>
    own.stack.worker
      .getLogs()
      .map(({ message }) => String(message))
      .filter((line) => line.includes(`"${event}"`))
      .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>);

  describe('POST /api/lineage/repair', () => {
    it('links everything that MLflow knows, whatever earlier looks remember, and logs each artifact', async () => {
      const { post, run, read, newWorkflow, experimentId } = own;
      const [a, b] = [newWorkflow(), newWorkflow()];
      const expected = new Map<number, string>();
      const ids: number[] = [];
      for (let i = 0; i < 60; i += 1)
        ids.push(await post({ workflow_id: i < 30 ? a : b, execution_id: minute(i) }));
      const twin = await post({ workflow_id: a, execution_id: minute(0) });
      for (const id of ids.slice(0, 3)) expect((await read(id)).lineage.status).toBe('pending');
      for (let i = 0; i < 60; i += 1) {
        if (i % 10 === 9) continue;
        const tags =
          i % 2 === 0
            ? { execution_id: minute(i) }
            : { airflow_run_id: `manual__${minute(i).replace(' ', 'T')}` };
        const workflow = i < 30 ? a : b;
        const runId = await run(
          i % 2 === 0 ? { ...tags, workflow_id: workflow } : { ...tags, airflow_dag_id: workflow },
        );
        expected.set(ids[i] ?? 0, runId);
      }
      expected.set(twin, expected.get(ids[0] ?? 0) ?? '');
      own.stack.worker.clearLogs();
      own.proxy.calls.length = 0;
      const report = await repair();
      expect(report).toMatchObject({ checked: 60, finished: true, reason: null });
      expect(new Map(report.linked.map((one) => [one.id, one.run_id]))).toEqual(expected);
      expect(report.linked.every((one) => one.experiment_id === experimentId)).toBe(true);
      expect(
        events('lineage.repaired')
          .map((line) => line['artifact_id'])
          .toSorted(),
      ).toEqual([...expected.keys()].toSorted());
      expect(events('lineage.repaired')[0]).toMatchObject({
        experiment_id: experimentId,
        run_id: expect.any(String),
      });
      // Far fewer calls than executions.
      expect(own.proxy.calls.length).toBeLessThan(30);
      expect((await repair()).linked).toEqual([]);
    });

    it('is bounded, and goes on where it was left', async () => {
      const { post, run, newWorkflow } = own;
      const workflow_id = newWorkflow();
      const ids: number[] = [];
      for (let i = 0; i < 7; i += 1) {
        ids.push(await post({ workflow_id, execution_id: minute(i) }));
        if (i % 2 === 0) await run({ workflow_id, execution_id: minute(i) });
      }
      const linked: number[] = [];
      let report = await repair({ limit: 3 });
      const walk = report.checked_before;
      expect(report).toMatchObject({ checked: 3, finished: false });
      linked.push(...report.linked.map(({ id }) => id));
      for (let rounds = 0; rounds < 5 && !report.finished; rounds += 1) {
        report = await repair({ limit: 3, checked_before: walk });
        expect(report.checked_before).toBe(walk);
        linked.push(...report.linked.map(({ id }) => id));
      }
      expect(report.finished).toBe(true);
      expect(linked.toSorted()).toEqual(ids.filter((_, i) => i % 2 === 0).toSorted());
    });

    it('two at once do no harm', async () => {
      const { post, run, newWorkflow, stack } = own;
      const workflow_id = newWorkflow();
      const runs: string[] = [];
      for (let i = 0; i < 20; i += 1) {
        await post({ workflow_id, execution_id: minute(i) });
        runs.push(await run({ workflow_id, execution_id: minute(i) }));
      }
      const reports = await Promise.all([repair(), repair(), repair()]);
      const ids = reports.flatMap(({ linked }) => linked.map(({ id }) => id));
      expect(new Set(ids).size).toBe(20);
      expect(ids.length).toBe(20);
      const rows = await stack.query<{ run_id: string }>(
        'select run_id from artifacts order by id',
      );
      expect(rows.map(({ run_id }) => run_id)).toEqual(runs);
    });

    it('completes rows that name a run without its experiment', async () => {
      const { post, run, newWorkflow, experimentId } = own;
      const runIds = [await run({}), await run({})];
      const ids = [
        await post({ workflow_id: newWorkflow(), run_id: runIds[0] }),
        await post({ run_id: runIds[1] }),
      ];
      await post({ run_id: '0'.repeat(32) });
      const report = await repair();
      expect(report).toMatchObject({ checked: 3, finished: true });
      expect(report.linked.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(report.linked[0]?.experiment_id).toBe(experimentId);
    });

    it('says that MLflow is the reason when it ends early, loses nothing, and ignores an open breaker', async () => {
      const { post, run, read, proxy, newWorkflow } = own;
      const fields = { workflow_id: newWorkflow(), execution_id: EXECUTION };
      const id = await post(fields);
      const runId = await run(fields);
      proxy.fault = (_call, response) => void response.writeHead(503).end();
      expect(await repair()).toMatchObject({
        linked: [],
        finished: false,
        reason: 'MLflow cannot answer now (503).',
      });
      const { checked_before } = await repair();
      expect((await read(id)).lineage.status).toBe('unavailable');
      proxy.fault = null;
      // The same walk goes on: a reader in between, and a look that failed, have taken nothing
      // from it.
      expect(await repair({ checked_before })).toMatchObject({
        checked: 1,
        linked: [{ id, run_id: runId }],
        finished: true,
        reason: null,
      });
    });

    it('never ends in a circle around what cannot be linked', async () => {
      const { post, run, newWorkflow } = own;
      const fields = { workflow_id: newWorkflow(), execution_id: EXECUTION };
      await post({ ...fields, experiment_id: '999999' });
      await post({ workflow_id: newWorkflow(), execution_id: `both ' and "` });
      await run(fields);
      expect(await repair()).toMatchObject({ checked: 2, linked: [], finished: true });
    });

    it.each<[string, unknown, string[]]>([
      ['limit', { limit: 0 }, ['limit']],
      ['too large', { limit: 5_000 }, ['limit']],
      ['a time without zone', { checked_before: '2025-01-01T00:00:00' }, ['checked_before']],
      ['unknown', { workflow: 'x' }, ['workflow']],
    ])('names what is wrong: %s', async (_, body, fields) => {
      expect(await fieldsOfProblem('/api/lineage/repair', body)).toEqual([422, fields]);
    });

    it('takes nothing from the address', async () => {
      expect(await fieldsOfProblem('/api/lineage/repair?limit=1', {})).toEqual([422, ['limit']]);
    });

    it('needs a token', async () => {
      expect((await own.stack.fetch('/api/lineage/repair', { method: 'POST' })).status).toBe(401);
      expect((await own.stack.fetch('/api/lineage/attach', { method: 'POST' })).status).toBe(401);
    });
  });

  describe('the cron', () => {
    it('links what is due, leaves what is not, and probes MLflow', async () => {
      const { post, run, read, stack, proxy, newWorkflow } = own;
      const [due, later] = [
        { workflow_id: newWorkflow(), execution_id: EXECUTION },
        { workflow_id: newWorkflow(), execution_id: EXECUTION },
      ];
      const ids = [await post(due), await post(later)];
      await read(ids[1] ?? 0);
      const runs = [await run(due), await run(later)];
      await stack.query("update lineage_lookup set next_check_at = now() + interval '1 hour'");
      expect(await stack.worker.scheduled(CRON)).toBe('ok');
      const rows = () =>
        stack.query<{ run_id: string | null }>('select run_id from artifacts order by id');
      expect((await rows()).map(({ run_id }) => run_id)).toEqual([runs[0], null]);
      await own.forgetMisses();
      expect(await stack.worker.scheduled(CRON)).toBe('ok');
      expect((await rows()).map(({ run_id }) => run_id)).toEqual(runs);

      const ready = async () =>
        (
          (await (await stack.fetch('/readyz')).json()) as {
            dependencies: Record<string, object>;
          }
        ).dependencies['mlflow'];
      expect(await ready()).toMatchObject({ ok: true, detail: 'answers' });
      proxy.fault = (_call, response) =>
        void response.writeHead(401, { 'content-type': 'text/html' }).end('<h1>no</h1>');
      await stack.worker.scheduled(CRON);
      expect(await ready()).toMatchObject({
        ok: false,
        detail: expect.stringContaining('MLFLOW_USERNAME'),
      });
      expect((await stack.fetch('/readyz')).status).toBe(200);
    });
  });

  describe('GET /api/lineage/status', () => {
    it('counts every state, and says why each execution is not linked', async () => {
      const { post, run, read, newWorkflow, proxy } = own;
      const [a, b, c, d] = [newWorkflow(), newWorkflow(), newWorkflow(), newWorkflow()];
      await run({ workflow_id: a, execution_id: EXECUTION });
      await read(await post({ workflow_id: a, execution_id: EXECUTION }));
      const pending = await post({ workflow_id: b, execution_id: EXECUTION });
      await post({ workflow_id: b, execution_id: EXECUTION });
      await read(pending);
      await post({ workflow_id: c });
      proxy.fault = (_call, response) => void response.writeHead(500).end();
      await read(await post({ workflow_id: d, execution_id: EXECUTION }));

      const report = await status();
      expect(report.artifacts).toEqual({ linked: 1, pending: 2, unresolved: 1, unavailable: 1 });
      expect(
        report.unlinked.map((one) => [one.workflow_id, one.artifacts, one.status, one.attempts]),
      ).toEqual([
        [d, 1, 'unavailable', 0],
        [c, 1, 'unresolved', 0],
        [b, 2, 'pending', 1],
      ]);
      expect(report.unlinked.map(({ reason }) => reason)).toEqual([
        'MLflow cannot answer now (500).',
        'The artifact names no execution_id, so no run can be looked for.',
        'No run of this execution was found in MLflow yet; it is looked for again.',
      ]);
      const filtered = await own.list('lineage=pending');
      expect(filtered.map(({ lineage }) => lineage.status)).toEqual(['pending', 'pending']);
      expect((await own.stack.fetch('/api/lineage/status?limit=0')).status).toBe(422);
    });
  });
});
