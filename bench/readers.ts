/**
 * What anonymous readers cost on the embedded stack: requests a second, and CPU time of workerd and
 * of the process with the database (which also makes the load) for one answer. `npm run bench` or
 * `tsx bench/readers.ts [seconds]`.
 */
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { chartArtifact, makeBars } from '../test/support/bars.ts';
import { buildWorker, CHARTPROOF } from '../test/support/build-worker.ts';
import { startStack } from '../test/support/stack.ts';
import { childrenOf, cpuMs } from './process-cost.ts';

const SECONDS = Number(process.argv[2] ?? 8);
const CONNECTIONS = 4;
/** A page of 21 charts: 15,000 bars. */
const CHARTS = 20;
const CHART_BARS = 500;
const LONG_BARS = 5_000;

function workerds(): number[] {
  return childrenOf(process.pid).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('workerd'),
  );
}

const workerdMs = () => workerds().reduce((sum, pid) => sum + cpuMs(pid), 0);

async function load(url: string, headers: Record<string, string> = {}) {
  const before = { workerd: workerdMs(), own: cpuMs(process.pid) };
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: SECONDS });
  if (result.errors > 0 || result['4xx'] > 0 || result['5xx'] > 0) {
    throw new Error(
      `${url}: ${result['4xx']} and ${result['5xx']} refused, ${result.errors} broken`,
    );
  }
  const { total } = result.requests;
  return {
    'a second': (total / result.duration).toFixed(1),
    'workerd ms': ((workerdMs() - before.workerd) / total).toFixed(2),
    'database ms': ((cpuMs(process.pid) - before.own) / total).toFixed(2),
    'p99 ms': result.latency.p99,
    kB: (result.throughput.total / total / 1000).toFixed(0),
  };
}

await buildWorker(CHARTPROOF);
const stack = await startStack();
try {
  const post = async (bars: number, seed: number) => {
    const created = await stack.send('POST', '/api/artifacts', chartArtifact(makeBars(bars, seed)));
    return ((await created.json()) as { id: number }).id;
  };
  const id = await post(LONG_BARS, 1);
  for (let chart = 0; chart < CHARTS; chart += 1) await post(CHART_BARS, chart + 2);
  const { url } = stack.worker;
  const cases: [string, string][] = [
    ['list, without bars', '/api/artifacts'],
    ['list, include=bars', '/api/artifacts?include=bars'],
    [`one artifact of ${LONG_BARS} bars`, `/api/artifacts/${id}`],
    [`download of ${LONG_BARS} bars`, `/api/artifacts/${id}/download`],
    [`indicators of ${LONG_BARS} bars`, `/api/artifacts/${id}/indicators`],
    ['market data, newest 50', `/api/artifacts/${id}/market-data`],
    [`market data, all ${LONG_BARS}`, `/api/artifacts/${id}/market-data?limit=5000`],
    [`verify of a chart of ${LONG_BARS} bars`, `/api/artifacts/${id}/verify`],
    ['its image, from the edge', `/api/artifacts/${id}/image`],
  ];
  await fetch(new URL(`/api/artifacts/${id}/image`, url)).then((answer) => answer.arrayBuffer());
  const rows = [];
  for (const [name, path] of cases) {
    const at = new URL(path, url).href;
    for (let time = 0; time < 3; time += 1) await fetch(at).then((answer) => answer.arrayBuffer());
    rows.push({ reader: name, ...(await load(at)) });
  }
  const at = new URL(`/api/artifacts/${id}/indicators`, url).href;
  const etag = (await fetch(at)).headers.get('etag') ?? '';
  rows.push({ reader: 'indicators, 304', ...(await load(at, { 'if-none-match': etag })) });
  console.log(`${CONNECTIONS} connections, ${SECONDS} s each:`);
  console.table(rows);
} finally {
  await stack.close();
}
