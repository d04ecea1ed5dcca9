/**
 * What linking costs on a real MLflow with 10,000 runs: a page of 100 artifacts whose 100
 * executions have no run yet, one such artifact, and one that is linked. Beside it, in the same
 * run, the same 100 look-ups asked of MLflow one by one. `npm run bench` or `tsx bench/lineage.ts
 * [rounds]`; `LIVE_MLFLOW_URL` takes an MLflow of your own, which is then filled.
 */
import { startMlflow } from '../scripts/live/mlflow.ts';
import { buildWorker, CHARTPROOF } from '../test/support/build-worker.ts';
import { startLineageStack } from '../test/support/lineage-stack.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const RUNS = 10_000;
const PAGE = 100;
const CALLS_MAX = 3;
const TARGET_MS = 600;
/** Requests at once while filling, and of the peer. */
const HANDS = 6;
const STEP_MS = 15 * 60_000;
const FIRST = Date.UTC(2026, 0, 1);

const executionId = (i: number) =>
  new Date(FIRST + i * STEP_MS).toISOString().replace('T', ' ').replace('.000Z', '+00:00');

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function inParallel(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const hand = async () => {
    for (let i = next++; i < count; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

await buildWorker(CHARTPROOF);
const given = process.env['LIVE_MLFLOW_URL'] ?? '';
const mlflow = given === '' ? await startMlflow({ say: (line) => console.log(line) }) : null;
const url = mlflow?.variables['MLFLOW_TRACKING_URI'] ?? given;
const own = await startLineageStack({ url, close: async () => {} });
try {
  const workflow_id = own.newWorkflow();
  console.log(`Filling ${RUNS} runs: minutes…`);
  await inParallel(RUNS, (i) =>
    // RUNNING ones take one call less to make than finished ones.
    own.admin.createRun({
      experimentId: own.experimentId,
      tags: { workflow_id, execution_id: executionId(i) },
      startTime: FIRST + i * STEP_MS + 60_000,
    }),
  );
  const read = async (path: string) => {
    const response = await own.stack.fetch(path);
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    return (await response.json()) as { artifacts: { run_id: string | null }[] };
  };
  const rows: Record<string, { ms: number[]; calls: number[]; linked: number[] }> = {};
  const measure = async (name: string, work: () => Promise<number>) => {
    own.proxy.calls.length = 0;
    let linked = 0;
    const ms = await timed(async () => {
      linked = await work();
    });
    const row = (rows[name] ??= { ms: [], calls: [], linked: [] });
    row.ms.push(ms);
    row.calls.push(own.proxy.calls.length);
    row.linked.push(linked);
  };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const from = Math.floor((RUNS - PAGE) * (round / ROUNDS));
    const symbol = `ROUND${round}`;
    const ids: number[] = [];
    for (let i = from; i < from + PAGE; i += 1) {
      ids.push(await own.post({ workflow_id, symbol, execution_id: executionId(i) }));
    }
    // The isolate knows nothing, not even the experiments.
    await own.stack.emptyEdge();
    await read('/healthz');
    await measure('page of 100 unlinked', async () => {
      const { artifacts } = await read(`/api/artifacts?symbol=${symbol}&limit=${PAGE}`);
      return artifacts.filter(({ run_id }) => run_id !== null).length;
    });
    await measure('the same page, linked', async () => {
      const { artifacts } = await read(`/api/artifacts?symbol=${symbol}&limit=${PAGE}`);
      return artifacts.filter(({ run_id }) => run_id !== null).length;
    });
    const one = await own.post({
      workflow_id,
      execution_id: executionId((from + 3 * PAGE) % RUNS),
    });
    await measure('one artifact, unlinked', async () =>
      (await own.read(one)).run_id === null ? 0 : 1,
    );
    await measure('one artifact, linked', async () =>
      (await own.read(one)).run_id === null ? 0 : 1,
    );
    await measure(`peer: ${PAGE} look-ups, ${HANDS} at a time`, async () => {
      await inParallel(PAGE, async (i) => {
        const filter = `tags.workflow_id = '${workflow_id}' and tags.execution_id = '${executionId(from + i)}'`;
        const response = await fetch(`${own.proxy.url}/api/2.0/mlflow/runs/search`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ experiment_ids: [own.experimentId], filter, max_results: 1 }),
        });
        await response.text();
      });
      return PAGE;
    });
    // The first round warms up.
    if (round === 0) for (const name of Object.keys(rows)) delete rows[name];
  }
  console.log(`Medians of ${ROUNDS} rounds, each with executions never seen before:`);
  console.table(
    Object.entries(rows).map(([name, { ms, calls, linked }]) => ({
      read: name,
      ms: median(ms).toFixed(0),
      'MLflow calls': Math.max(...calls),
      linked: Math.min(...linked),
      target:
        name === 'page of 100 unlinked'
          ? `<= ${TARGET_MS} ms, ${CALLS_MAX} calls: ${median(ms) <= TARGET_MS && Math.max(...calls) <= CALLS_MAX ? 'met' : 'MISSED'}`
          : '',
    })),
  );
} finally {
  await own.close();
  await mlflow?.close();
}
