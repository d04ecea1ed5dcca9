/**
 * What a picture costs: our renderer inside workerd beside native resvg-js in Node, which draws the
 * same SVG and writes it as PNG. Both take turns in one run, so a noisy machine disturbs both;
 * compare the ratios. CPU is the kernel's own account of each process (the clock inside a Worker
 * stands still). `npm run bench` or `tsx bench/render.ts [rounds]`.
 */
import { readFileSync } from 'node:fs';
import { Resvg } from '@resvg/resvg-js';
import { parse } from 'csv-parse/sync';
import { buildBenchWorker, startBenchWorker, type RunningWorker } from './bench-workerd.ts';
import { cpuMs, memoryMb } from './process-cost.ts';

const QUOTES = new URL('../scripts/quotes/aapl-daily.csv', import.meta.url);
const ROUNDS = Number(process.argv[2] ?? 25);
const WARM_UP_ROUNDS = 6;
const FRESH_ISOLATES = 5;
const CASES = [
  { width: 1200, height: 1600, bars: 200, mostRatio: 1.2, mostKb: 130 },
  { width: 1200, height: 1600, bars: 1000, mostRatio: null, mostKb: null },
  { width: 1920, height: 1400, bars: 200, mostRatio: null, mostKb: null },
  { width: 1920, height: 1400, bars: 1000, mostRatio: null, mostKb: null },
];

type Row = Record<string, string>;
const allBars: Row[] = parse(readFileSync(process.env['BENCH_QUOTES'] ?? QUOTES), {
  columns: true,
});

function barsOf(count: number): unknown[] {
  const numbers = new Set(['open', 'high', 'low', 'close', 'volume']);
  return allBars
    .slice(-count)
    .map((row) =>
      Object.fromEntries(Object.entries(row).map(([k, v]) => [k, numbers.has(k) ? Number(v) : v])),
    );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

interface Cost {
  readonly cpu: number;
  readonly wall: number;
  readonly bytes: number;
}

async function drawInWorkerd(worker: RunningWorker): Promise<Cost> {
  const cpu = cpuMs(worker.pid);
  const start = performance.now();
  const response = await fetch(worker.url, { method: 'POST' });
  const png = await response.arrayBuffer();
  if (!response.ok) throw new Error(`the worker answered ${response.status}`);
  return { wall: performance.now() - start, cpu: cpuMs(worker.pid) - cpu, bytes: png.byteLength };
}

function drawWithResvgJs(svg: string): Cost {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const png = new Resvg(svg, { background: '#ffffff', font: { loadSystemFonts: false } })
    .render()
    .asPng();
  const used = process.cpuUsage(cpu);
  return {
    wall: performance.now() - start,
    cpu: (used.user + used.system) / 1000,
    bytes: png.length,
  };
}

async function keep(
  worker: RunningWorker,
  size: { bars: number; width: number; height: number },
): Promise<void> {
  const body = JSON.stringify({ ...size, bars: barsOf(size.bars) });
  await (await fetch(worker.url, { method: 'PUT', body })).text();
}

async function measure(worker: RunningWorker, size: (typeof CASES)[number]) {
  await keep(worker, size);
  const svg = await (await fetch(new URL('/svg', worker.url))).text();
  const ours: Cost[] = [];
  const peer: Cost[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const pair = [await drawInWorkerd(worker), drawWithResvgJs(svg)] as const;
    if (round < 0) continue;
    ours.push(pair[0]);
    peer.push(pair[1]);
  }
  const of = (costs: readonly Cost[], key: keyof Cost): number =>
    median(costs.map((cost) => cost[key]));
  const ratio = median(ours.map((cost, i) => cost.cpu / (peer[i]?.cpu ?? NaN)));
  const kb = of(ours, 'bytes') / 1000;
  return {
    picture: `${size.width}x${size.height}, ${size.bars} bars`,
    'ours CPU ms': of(ours, 'cpu').toFixed(1),
    'resvg-js CPU ms': of(peer, 'cpu').toFixed(1),
    ratio: ratio.toFixed(2),
    'ours wall ms': of(ours, 'wall').toFixed(1),
    'ours kB': kb.toFixed(0),
    'resvg-js kB': (of(peer, 'bytes') / 1000).toFixed(0),
    target:
      size.mostRatio === null
        ? ''
        : `ratio <= ${size.mostRatio}: ${ratio <= size.mostRatio ? 'met' : 'MISSED'}; <= ${size.mostKb} kB: ${kb <= size.mostKb ? 'met' : 'MISSED'}`,
  };
}

async function measureFreshIsolates() {
  const costs: (Cost & { start: number })[] = [];
  for (let i = 0; i < FRESH_ISOLATES; i++) {
    const begin = performance.now();
    const worker = await startBenchWorker('render');
    try {
      await keep(worker, { width: 1200, height: 1600, bars: 200 });
      const start = performance.now() - begin;
      costs.push({ ...(await drawInWorkerd(worker)), start });
    } finally {
      await worker.stop();
    }
  }
  return {
    'workerd up, bundle loaded, ms': median(costs.map(({ start }) => start)).toFixed(0),
    'first PNG wall ms': median(costs.map(({ wall }) => wall)).toFixed(0),
    'first PNG CPU ms': median(costs.map(({ cpu }) => cpu)).toFixed(0),
  };
}

buildBenchWorker('render');
const worker = await startBenchWorker('render');
const idle = memoryMb(worker.pid);
try {
  const rows = [];
  for (const size of CASES) rows.push(await measure(worker, size));
  console.log(
    `Medians of ${ROUNDS} rounds in turns, Node ${process.version}. The ratio is the median of the rounds' ratios.`,
  );
  console.table(rows);
  const memory = memoryMb(worker.pid);
  console.log(
    `workerd: ${idle.now.toFixed(0)} MB resident before the first chart, ${memory.now.toFixed(0)} MB after all that, at most ${memory.most.toFixed(0)} MB.`,
  );
} finally {
  await worker.stop();
}
console.log(`A fresh workerd and isolate, 1200x1600, 200 bars, medians of ${FRESH_ISOLATES}:`);
console.table([await measureFreshIsolates()]);
