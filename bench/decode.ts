/**
 * What reading a PNG from first to last byte and hashing its pixels costs: our decoder in workerd
 * beside fast-png in the same workerd, which neither hashes nor bounds what it inflates. Both take
 * turns; CPU is the kernel's account of the process. `npm run bench` or `tsx bench/decode.ts
 * [rounds]`.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { loadChartAssets } from '../scripts/seed/load-chart-assets.ts';
import { parseBars } from '../src/bars/parse-bars.ts';
import { DEFAULT_SPEC } from '../src/chart/chart-spec.ts';
import { createChartRenderer } from '../src/chart/render-chart.ts';
import { readPixels } from '../test/support/reference-pixels.ts';
import { writePng, type PngEncoding } from '../test/support/write-png.ts';
import { buildBenchWorker, startBenchWorker, type RunningWorker } from './bench-workerd.ts';
import { cpuMs, memoryMb } from './process-cost.ts';

const QUOTES = new URL('../scripts/quotes/aapl-daily.csv', import.meta.url);
const ROUNDS = Number(process.argv[2] ?? 11);
const WARM_UP_ROUNDS = 4;
const BIG = { width: 4000, height: 4000 };

interface Case {
  readonly picture: string;
  readonly png: Uint8Array<ArrayBuffer>;
  readonly megapixels: number;
  readonly target: { readonly mostMs: number } | { readonly leastRate: number } | null;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function ourChart(): Promise<Uint8Array<ArrayBuffer>> {
  const rows: Record<string, string>[] = parse(readFileSync(QUOTES), { columns: true });
  const bars = parseBars(
    rows
      .slice(-200)
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, key === 'date' ? value : Number(value)]),
        ),
      ),
  );
  const renderer = createChartRenderer(await loadChartAssets());
  const names = {
    symbol: 'AAPL',
    timeframe: '1d',
    snapshotSha256: 'a'.repeat(64),
    renderKey: 'b'.repeat(32),
  };
  return (
    await renderer.render({ ...names, bars, spec: { ...DEFAULT_SPEC, width: 1920, height: 1400 } })
  ).png;
}

/**
 * Our chart as other encoders write it: RGB and RGBA with every filter, palettes with the filters
 * of libpng.
 */
function reencoded(chart: Uint8Array): Case[] {
  const { width, height, rgba } = readPixels(chart);
  const colours = new Map<number, number>();
  const words = new Uint32Array(rgba.buffer);
  const indices = Uint8Array.from(words, (word) => {
    const index = colours.get(word) ?? colours.size;
    colours.set(word, index);
    return index;
  });
  const palette = Uint8Array.from(
    [...colours.keys()].flatMap((word) => [word, word >> 8, word >> 16]),
  );
  const rgb = rgba.filter((_, i) => i % 4 !== 3);
  const size = { width, height, depth: 8 };
  const one = (picture: string, png: Uint8Array<ArrayBuffer>): Case => ({
    picture: `our chart, ${picture}`,
    png,
    megapixels: (width * height) / 1e6,
    target: { mostMs: 80 },
  });
  const filters: [string, PngEncoding['filter']][] = [
    ['least sums', 'least'],
    ['Average', 3],
    ['Paeth', 4],
  ];
  return [
    one('as drawn', new Uint8Array(chart)),
    ...filters.flatMap(([name, filter = 0]) => [
      one(
        `palette, ${name}`,
        writePng({ ...size, colourType: 3, samples: indices, palette }, { filter }),
      ),
      one(`RGB, ${name}`, writePng({ ...size, colourType: 2, samples: rgb }, { filter })),
      one(`RGBA, ${name}`, writePng({ ...size, colourType: 6, samples: rgba }, { filter })),
    ]),
  ];
}

/**
 * Sixteen megapixels of each kind: the ones that a person might post, and the ones that somebody
 * posts to hurt.
 */
function big(): Case[] {
  const pixels = BIG.width * BIG.height;
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  const noise = Uint8Array.from({ length: pixels }, random);
  const waves = Uint8Array.from(noise, (byte, i) => 128 + 90 * Math.sin(i / 700) + (byte & 7));
  const palette = Uint8Array.from({ length: 768 }, random);
  const rgba = new Uint8Array(pixels * 4);
  for (let i = 0; i < pixels; i++)
    rgba.set([waves[i]!, noise[i]! & 3, 200, 255 - (noise[i]! & 3)], i * 4);
  const few = rgba.map((byte, i) => (i % 4 === 0 ? byte & 0x1f : byte));
  const one = (
    picture: string,
    leastRate: number,
    image: { depth: number; colourType: number; samples: Uint8Array; palette?: Uint8Array },
    encoding: PngEncoding,
  ): Case => ({
    picture: `16 MP, ${picture}`,
    png: writePng({ ...BIG, ...image }, { level: 1, ...encoding }),
    megapixels: pixels / 1e6,
    target: { leastRate },
  });
  return [
    one(
      '1-bit grey, all black (6 kB)',
      40,
      { depth: 1, colourType: 0, samples: new Uint8Array(pixels) },
      {},
    ),
    one('palette, noise', 40, { depth: 8, colourType: 3, samples: noise, palette }, {}),
    one('grey, waves, Paeth', 40, { depth: 8, colourType: 0, samples: waves }, { filter: 4 }),
    one(
      'RGBA, up to 256 colours, Up',
      20,
      { depth: 8, colourType: 6, samples: few.map((b) => b & 0xf3) },
      { filter: 2 },
    ),
    one('RGBA, more colours, Paeth', 20, { depth: 8, colourType: 6, samples: rgba }, { filter: 4 }),
  ];
}

async function spend(worker: RunningWorker, path: string): Promise<number> {
  const cpu = cpuMs(worker.pid);
  const response = await fetch(new URL(path, worker.url), { method: 'POST' });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the worker answered ${response.status}`);
  return cpuMs(worker.pid) - cpu;
}

async function measure(worker: RunningWorker, { picture, png, megapixels, target }: Case) {
  await (await fetch(worker.url, { method: 'PUT', body: png })).text();
  const rounds: { ours: number; peer: number; nothing: number }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const nothing = await spend(worker, '/nothing');
    const cost = {
      nothing,
      ours: await spend(worker, '/ours'),
      peer: await spend(worker, '/fast-png'),
    };
    if (round >= 0) rounds.push(cost);
  }
  const nothing = median(rounds.map((cost) => cost.nothing));
  const ours = median(rounds.map((cost) => cost.ours)) - nothing;
  const peer = median(rounds.map((cost) => cost.peer)) - nothing;
  const rate = (megapixels / ours) * 1000;
  const met =
    target === null || ('mostMs' in target ? ours <= target.mostMs : rate >= target.leastRate);
  const wanted =
    target === null
      ? ''
      : 'mostMs' in target
        ? `<= ${target.mostMs} ms`
        : `>= ${target.leastRate} MP/s`;
  return {
    picture,
    kB: (png.length / 1000).toFixed(0),
    'ours CPU ms': ours.toFixed(1),
    'MP/s': rate.toFixed(0),
    'fast-png CPU ms': peer.toFixed(1),
    ratio: median(rounds.map((cost) => cost.ours / cost.peer)).toFixed(2),
    target: `${wanted}: ${met ? 'met' : 'MISSED'}`,
  };
}

/** In a workerd that has decoded nothing else: the most it ever held, less what it held before. */
async function measureMemory({ picture, png }: Case, path: string) {
  const worker = await startBenchWorker('decode');
  try {
    await (await fetch(worker.url, { method: 'PUT', body: png })).text();
    await spend(worker, '/nothing');
    const before = memoryMb(worker.pid).most;
    for (let i = 0; i < 5; i++) await spend(worker, path);
    const grown = memoryMb(worker.pid).most - before;
    return {
      picture,
      decoder: path.slice(1),
      'MB before': before.toFixed(0),
      'grown by MB': grown.toFixed(0),
    };
  } finally {
    await worker.stop();
  }
}

buildBenchWorker('decode');
const bigCases = big();
const worker = await startBenchWorker('decode');
try {
  const rows = [];
  for (const each of [...reencoded(await ourChart()), ...bigCases])
    rows.push(await measure(worker, each));
  console.log(
    `Medians of ${ROUNDS} rounds in turns, Node ${process.version}; a request alone is taken off the milliseconds.`,
  );
  console.table(rows);
} finally {
  await worker.stop();
}
console.log('Resident memory of a fresh workerd that decodes the picture five times:');
const memory = [];
for (const each of bigCases) {
  for (const path of ['/ours', '/fast-png']) memory.push(await measureMemory(each, path));
}
console.table(memory);
