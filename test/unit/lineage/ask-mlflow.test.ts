import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionContext } from '../../../src/lineage/execution-context.ts';
import { findEach, findRuns } from '../../../src/lineage/find-runs.ts';
import type { RunShape } from '../../../src/lineage/lineage-lookup.table.ts';
import { PAGE, REPAIR, type SweepPolicy } from '../../../src/lineage/policy.ts';
import type { ExecutionSubject } from '../../../src/lineage/subject.ts';
import { groupsOf, startWindow } from '../../../src/lineage/sweep-groups.ts';
import { sweepRuns } from '../../../src/lineage/sweep-runs.ts';
import { createMlflowClient, type MlflowClient } from '../../../src/mlflow/mlflow-client.ts';
import { createBudget } from '../../../src/upstream/budget.ts';
import { startMlflowServer } from '../../../stand-in/mlflow/server.ts';
import { createMlflowAdmin, type MlflowAdmin } from '../../support/mlflow-admin.ts';
import { startMlflowProxy, type MlflowProxy } from '../../support/mlflow-proxy.ts';
import { contextFor, execution } from './samples.ts';

let server: Awaited<ReturnType<typeof startMlflowServer>>;
let proxy: MlflowProxy;
let admin: MlflowAdmin;
let mlflow: MlflowClient;
let experimentId: string;

beforeAll(async () => {
  server = await startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 });
  proxy = await startMlflowProxy(server.url);
  admin = createMlflowAdmin(server.url);
});
afterAll(async () => {
  await proxy.stop();
  await server.close();
});
let experiments = 0;
beforeEach(async () => {
  experimentId = await admin.createExperiment(`experiment ${(experiments += 1)}`);
  const config = { trackingUri: proxy.url, problem: null, uiUrl: null, experimentNames: [] };
  mlflow = createMlflowClient(
    { ...config, authorization: null, workspace: null },
    { now: () => Date.now(), defer: () => {} },
  );
  proxy.fault = null;
  proxy.calls.length = 0;
});

const budget = (callsMax = 50) =>
  createBudget({ callsMax, lastsMs: 30_000, slowMs: 30_000, ignoresOutage: false }, () =>
    Date.now(),
  );
/** The fields by which runs were searched, call by call. */
const asked = () =>
  proxy.calls
    .filter(({ path }) => path.endsWith('runs/search'))
    .map(
      ({ body }) => /(?:tags|params|attributes)\.\w+(?= (?:=|LIKE|IN))/g.exec(lastTerm(body))?.[0],
    );
/** A workflow's name stands before what is asked for. */
const lastTerm = (body: string) =>
  (JSON.parse(body) as { filter: string }).filter.replace(/^tags\.workflow_id = '\w+' and /, '');
let minutes = 0;
const newInstant = () =>
  `2026-01-05 ${String(10 + Math.floor((minutes += 1) / 60))}:${String(minutes % 60).padStart(2, '0')}:00+00:00`;
const run = (tags: Record<string, string>, more: object = {}) =>
  admin.createRun({
    experimentId,
    tags,
    status: 'FINISHED',
    startTime: Date.UTC(2026, 0, 5, 12),
    ...more,
  });
const DATE_TAG: RunShape[] = ['execution_date_tag'];

describe('one execution alone', () => {
  const find = async (
    subject: ExecutionSubject,
    ways: 'usual' | 'all',
    more: Partial<ExecutionContext> = {},
    calls?: number,
  ) => {
    const executions = new Map([[subject, contextFor(subject, more)]]);
    const { findings, failure } = await findEach(mlflow, executions, ways, budget(calls));
    expect(failure).toBeNull();
    return findings.get(subject);
  };
  const EVERY_OTHER = ['tags.airflow_run_id', 'tags.execution_date', 'params.execution_date'];

  it('is asked for in the usual way, and no further when its run is there', async () => {
    const date = newInstant();
    await run({ airflow_dag_id: 'w', execution_date: date });
    const finding = await find(execution(date, 'w'), 'all', { usualShapes: DATE_TAG });
    expect(finding).toMatchObject({ kind: 'matches', ways: 'all' });
    expect(asked()).toEqual(['tags.execution_date']);
  });

  it('is asked for in that alone by a reader', async () => {
    const finding = await find(execution(newInstant(), 'w'), 'usual', { usualShapes: DATE_TAG });
    expect(finding).toEqual({ kind: 'matches', matches: [], ways: 'usual' });
    expect(asked()).toEqual(['tags.execution_date']);
  });

  it.each<[string, 'usual' | 'all', RunShape[]]>([
    ['where no way is usual yet', 'usual', []],
    ['where two are', 'usual', ['execution_id', 'execution_date_tag']],
    ['by a repair', 'all', ['execution_id']],
  ])('is asked for in every way %s', async (_, ways, usualShapes) => {
    const finding = await find(execution(newInstant(), 'w'), ways, { usualShapes });
    expect(finding).toEqual({ kind: 'matches', matches: [], ways: 'all' });
    expect(asked()[0]).toBe('tags.execution_id');
    expect(asked().toSorted()).toEqual(['tags.execution_id', ...EVERY_OTHER].toSorted());
  });

  it('is asked for on when its run is not well, or names no workflow', async () => {
    const [failed, nameless] = [newInstant(), newInstant()];
    await run({ workflow_id: 'w', execution_id: failed }, { status: 'FAILED' });
    await run({ execution_id: nameless });
    for (const date of [failed, nameless]) {
      proxy.calls.length = 0;
      await find(execution(date, 'w'), 'usual');
      expect(asked()).toHaveLength(4);
    }
  });

  it('is looked for again in an experiment that was made meanwhile', async () => {
    await find(execution(newInstant(), 'w'), 'usual');
    const date = newInstant();
    experimentId = await admin.createExperiment(`made now ${date}`);
    const runId = await run({ workflow_id: 'w', execution_id: date });
    expect(await find(execution(date, 'w'), 'usual')).toMatchObject({
      matches: [{ run: { runId } }],
    });
  });

  it('is asked for by the run that siblings name', async () => {
    const runId = await run({});
    const subject = execution(newInstant(), 'w');
    const named = (id: string) => ({
      siblings: [{ workflow: 'w', executionId: subject.id.text, runId: id, experimentId: null }],
    });
    expect(await find(subject, 'usual', named(runId))).toMatchObject({ run: { runId } });
    expect(await find(subject, 'usual', named('0'.repeat(32)))).toEqual({
      kind: 'named',
      run: null,
    });
    expect(asked()).toEqual([]);
    // What cannot be an id is not put into an address.
    proxy.calls.length = 0;
    expect(await find(subject, 'usual', named('a / b?'))).toEqual({ kind: 'named', run: null });
    expect(proxy.calls).toEqual([]);
  });

  it('says that its calls were used up', async () => {
    expect(await find(execution(newInstant(), 'w'), 'usual', {}, 2)).toEqual({
      kind: 'out_of_budget',
    });
  });
});

it('many alone: a refusal is of one, a failure ends all', async () => {
  const subjects = Array.from({ length: 5 }, () => execution(newInstant(), 'w'));
  const executions = new Map(subjects.map((one) => [one, contextFor(one)]));
  const listed = '{"experiments":[{"experiment_id":"1"}]}';
  const answers = (status: number, body: string) => {
    proxy.fault = (call, response) =>
      void (call.path.includes('experiments')
        ? response.end(listed)
        : response.writeHead(status).end(body));
  };
  answers(400, '{"error_code":"INVALID_PARAMETER_VALUE"}');
  const refused = await findEach(mlflow, executions, 'usual', budget());
  expect(refused.failure).toBeNull();
  expect([...refused.findings.values()].map(({ kind }) => kind)).toEqual(
    subjects.map(() => 'failed'),
  );
  answers(503, '');
  const down = await findEach(mlflow, executions, 'usual', budget());
  expect(down.failure?.message).toBe('MLflow cannot answer now (503).');
  expect(down.findings.size).toBe(0);
});

describe('runs by their ids', () => {
  const NAMED_ALONE = { isThorough: false };
  const ALL_BY_NAME = { isThorough: true };
  const find = async (runIds: string[], policy = NAMED_ALONE, calls?: number) => {
    const subjects = runIds.map((runId) => ({ kind: 'run', runId }) as const);
    const { findings } = await findRuns(mlflow, subjects, policy, budget(calls));
    return subjects.map((subject) => {
      const finding = findings.get(subject);
      return finding?.kind === 'named' ? (finding.run?.runId ?? null) : finding?.kind;
    });
  };
  const UNKNOWN = '0'.repeat(32);
  const paths = () =>
    proxy.calls.map(({ path }) => path.replace(/.*mlflow\//, '').replace(/\?.*/, ''));

  it('one by name, in one call', async () => {
    const runId = await run({});
    expect(await find([runId])).toEqual([runId]);
    expect(await find([UNKNOWN])).toEqual([null]);
    expect(paths()).toEqual(['runs/get', 'runs/get']);
  });

  it('several by one search, deleted ones too', async () => {
    const runIds = [await run({}), await run({})];
    await admin.deleteRun(runIds[1]!);
    proxy.calls.length = 0;
    expect(await find([...runIds, UNKNOWN])).toEqual([...runIds, 'partial']);
    expect(paths()).toEqual(['experiments/search', 'runs/search']);
  });

  it('and those that no search shows by name, where nobody waits', async () => {
    const runId = await run({});
    const gone = await admin.createExperiment(`gone ${runId}`);
    const hidden = await run({}, { experimentId: gone });
    await admin.deleteExperiment(gone);
    expect(await find([runId, hidden, UNKNOWN], ALL_BY_NAME)).toEqual([runId, hidden, null]);
  });

  it('as far as there are calls', async () => {
    expect(await find([UNKNOWN, '1'.repeat(32)], NAMED_ALONE, 1)).toEqual(['unasked', 'unasked']);
    expect(await find([UNKNOWN, '1'.repeat(32)], ALL_BY_NAME, 2)).toEqual([null, 'unasked']);
  });

  it('by name where MLflow refuses to search for all together', async () => {
    const runId = await run({});
    proxy.fault = (call, response) =>
      call.path.includes('runs/search')
        ? void response.writeHead(400).end('{"error_code":"INVALID_PARAMETER_VALUE"}')
        : proxy.pass(call, response);
    expect(await find([runId, UNKNOWN], ALL_BY_NAME)).toEqual([runId, null]);
    expect(await find([runId, UNKNOWN])).toEqual(['failed', 'failed']);
  });
});

describe('many executions together', () => {
  const sweep = async (
    executions: [ExecutionSubject, Partial<ExecutionContext>][],
    policy: SweepPolicy,
    calls?: number,
  ) => {
    const all = new Map(executions.map(([one, more]) => [one, contextFor(one, more)]));
    const { findings } = await sweepRuns(mlflow, all, budget(calls), policy);
    return executions.map(([subject]) => {
      const finding = findings.get(subject);
      if (finding?.kind === 'certain') return finding.match.run.runId;
      return finding?.kind === 'matches' ? finding.matches.map((one) => one.run.runId) : undefined;
    });
  };
  const some = (count: number) => Array.from({ length: count }, () => newInstant());

  it('are found by one pattern, and a later run of the same execution comes first', async () => {
    const dates = some(3);
    const runIds: string[] = [];
    for (const date of dates) runIds.push(await run({ workflow_id: 'w', execution_id: date }));
    const again = await run(
      { workflow_id: 'w', execution_id: dates[1]! },
      { startTime: Date.UTC(2026, 2, 1) },
    );
    const executions = dates.map((date): [ExecutionSubject, object] => [execution(date, 'w'), {}]);
    const found = await sweep(executions, PAGE.sweep!, 3);
    expect(found).toEqual([runIds[0], again, runIds[2]]);
    expect(asked()).toEqual(['tags.execution_id', 'tags.execution_id']);
  });

  it('links to a page only what is sure, and to a repair what there is', async () => {
    const [nameless, failed, absent] = some(3);
    const a = await run({ execution_id: nameless! });
    const b = await run({ workflow_id: 'w', execution_id: failed! }, { status: 'FAILED' });
    const executions = [nameless!, failed!, absent!].map((date): [ExecutionSubject, object] => [
      execution(date, 'w'),
      {},
    ]);
    expect(await sweep(executions, PAGE.sweep!)).toEqual([undefined, undefined, undefined]);
    expect(await sweep(executions, REPAIR.sweep!)).toEqual([[a], [b], []]);
  });

  it('leaves a text in another zone to a look-up of its own', async () => {
    const subject = execution('2026-01-05 14:54:31+01:00', 'w');
    expect(await sweep([[subject, {}]], REPAIR.sweep!)).toEqual([undefined]);
  });

  it('decides nothing when its calls are used up', async () => {
    expect(await sweep([[execution(newInstant(), 'w'), {}]], REPAIR.sweep!, 3)).toEqual([
      undefined,
    ]);
  });

  it('are grouped by the way in which each is asked for, the largest group first', () => {
    const at = (text: string, usualShapes: RunShape[]) =>
      [execution(text, 'w'), { usualShapes }] as const;
    const all = new Map([
      at('2026-01-05 10:00:00+00:00', []),
      at('2026-01-05 10:01:00+00:00', DATE_TAG),
      at('2026-01-05 10:02:00+00:00', DATE_TAG),
      at('nightly 7', []),
    ]);
    const shapesOf = (nth: number) =>
      groupsOf(all, nth).map(({ shape, subjects }) => [shape, subjects.length]);
    expect(shapesOf(0)).toEqual([
      ['execution_date_tag', 2],
      ['execution_id', 1],
      ['execution_id', 1],
    ]);
    expect(shapesOf(1)).toEqual([
      ['execution_id', 2],
      ['airflow_run_id', 1],
      ['airflow_run_id', 1],
    ]);
  });

  it('should have started from an hour before the first to eight days after the last', () => {
    const ids = ['2026-01-05 10:00:00Z', 'nightly 7', '2026-01-06 10:00:00Z'].map(
      (text) => execution(text).id,
    );
    expect(startWindow(ids)).toEqual({
      fromMs: Date.UTC(2026, 0, 5, 9),
      untilMs: Date.UTC(2026, 0, 14, 10),
    });
    expect(startWindow([execution('nightly 7').id])).toBeNull();
  });
});
