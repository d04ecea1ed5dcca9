/**
 * What an edge hit costs: our image route beside a bare hono route that returns the same bytes from
 * one `cache.match`. Both run in workerd, under the same load, in turns. `npm run bench` or `tsx
 * bench/serve.ts [rounds]`.
 */
import autocannon from 'autocannon';
import { chartArtifact, makeBars } from '../test/support/bars.ts';
import { buildWorker, CHARTPROOF } from '../test/support/build-worker.ts';
import { runWorker } from '../test/support/run-worker.ts';
import { startStack } from '../test/support/stack.ts';

const BARE = { config: 'bench/bare.wrangler.toml', directory: 'dist/bench-bare' };
const ROUNDS = Number(process.argv[2] ?? 7);
const SECONDS = 3;
const CONNECTIONS = 16;
const TARGET = 0.7;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Requests a second; every answer must be the whole picture. */
async function load(url: string, byteSize: number): Promise<number> {
  const result = await autocannon({ url, connections: CONNECTIONS, duration: SECONDS });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} broken`);
  const mean = result.throughput.total / result.requests.total;
  if (mean < byteSize)
    throw new Error(`${url}: ${mean} bytes an answer, the picture has ${byteSize}`);
  return result.requests.total / result.duration;
}

await Promise.all([buildWorker(CHARTPROOF), buildWorker(BARE)]);
const stack = await startStack();
const bare = await runWorker(BARE);
try {
  const created = await stack.send('POST', '/api/artifacts', chartArtifact(makeBars(200, 1)));
  const { id } = (await created.json()) as { id: number };
  const path = `/api/artifacts/${id}/image`;
  const png = await (await stack.fetch(path)).arrayBuffer();
  const ours = new URL(path, stack.worker.url).href;
  const theirs = new URL('/picture', bare.url).href;
  await fetch(theirs, { method: 'PUT', body: png });

  await load(ours, png.byteLength);
  await load(theirs, png.byteLength);
  const rates = [];
  for (let round = 0; round < ROUNDS; round++) {
    rates.push({
      ours: await load(ours, png.byteLength),
      bare: await load(theirs, png.byteLength),
    });
  }
  const ratio = median(rates.map((rate) => rate.ours / rate.bare));
  console.log(
    `Edge hits a second, ${CONNECTIONS} connections, medians of ${ROUNDS} rounds of ${SECONDS} s in turns:`,
  );
  console.table([
    {
      'picture kB': (png.byteLength / 1000).toFixed(0),
      ours: median(rates.map((rate) => rate.ours)).toFixed(0),
      'bare hono': median(rates.map((rate) => rate.bare)).toFixed(0),
      ratio: ratio.toFixed(2),
      target: `>= ${TARGET}: ${ratio >= TARGET ? 'met' : 'MISSED'}`,
    },
  ]);
} finally {
  await bare.close();
  await stack.close();
}
