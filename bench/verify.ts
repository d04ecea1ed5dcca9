/**
 * What `POST /api/verify` costs on the embedded stack: the ledger's own file, the same picture
 * written anew by others (each file once, because what decoding found is kept at the edge), a
 * painted one and a foreign one. CPU is workerd's. `npm run bench` or `tsx bench/verify.ts [files
 * of each kind]`.
 */
import { readFileSync } from 'node:fs';
import { pngChunk } from '../src/png/chunk.ts';
import { chartArtifact, makeBars } from '../test/support/bars.ts';
import { buildWorker, CHARTPROOF } from '../test/support/build-worker.ts';
import { insertBefore, repaint } from '../test/support/png-forgery.ts';
import { readPixels } from '../test/support/reference-pixels.ts';
import { SERVICE_TOKEN, startStack } from '../test/support/stack.ts';
import { writePng } from '../test/support/write-png.ts';
import { childrenOf, cpuMs } from './process-cost.ts';

const FILES = Number(process.argv[2] ?? 25);
const WARM_UP = 5;

const workerdMs = () =>
  childrenOf(process.pid)
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('workerd'))
    .reduce((sum, pid) => sum + cpuMs(pid), 0);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The same picture under another SHA-256. */
const numbered = (png: Uint8Array<ArrayBuffer>, n: number) =>
  insertBefore(png, 'IDAT', pngChunk('tEXt', Buffer.from(`Comment\0${n}`)));

await buildWorker(CHARTPROOF);
const stack = await startStack();
try {
  const created = await stack.send('POST', '/api/artifacts', chartArtifact(makeBars(1_000, 1)));
  const { id } = (await created.json()) as { id: number };
  const png = new Uint8Array(await (await stack.fetch(`/api/artifacts/${id}/image`)).arrayBuffer());
  const { width, height, rgba } = readPixels(png);
  const size = { width, height, depth: 8 };
  const rgb = rgba.filter((_, i) => i % 4 !== 3);
  const asRgb = writePng({ ...size, colourType: 2, samples: rgb }, { filter: 'least' });
  const painted = (n: number) =>
    repaint(png, (rows, stride) => {
      for (let y = 300; y < 340; y += 1)
        rows.fill(n % 2, y * stride + 301 + n, y * stride + 341 + n);
    });
  const noise = Uint8Array.from(
    { length: width * height * 4 },
    (_, i) => (i * i * 7 + (i >> 3)) & 255,
  );
  const foreign = writePng({ ...size, colourType: 6, samples: noise }, { filter: 0 });
  const kinds: [string, (n: number) => Uint8Array<ArrayBuffer>, string, number | null][] = [
    ["the ledger's own file", () => png, 'verified', 10],
    [
      'written anew, palette',
      (n) =>
        numbered(
          repaint(png, () => {}),
          n,
        ),
      'same_pixels',
      80,
    ],
    ['written anew, RGB, filtered', (n) => numbered(asRgb, n), 'same_pixels', 80],
    ['painted over', painted, 'altered', null],
    ['foreign, many colours', (n) => numbered(foreign, n), 'unknown', null],
  ];
  const rows = [];
  const [idleCpu, idleStart] = [workerdMs(), performance.now()];
  for (let n = 0; n < FILES; n += 1) await stack.fetch('/healthz');
  const idle = (workerdMs() - idleCpu) / FILES;
  rows.push({
    file: 'none: GET /healthz',
    kB: '0',
    'wall ms': ((performance.now() - idleStart) / FILES).toFixed(1),
    'workerd CPU ms': idle.toFixed(1),
    'beyond GET /healthz': '',
    target: '',
  });
  for (const [kind, make, verdict, most] of kinds) {
    const walls: number[] = [];
    const cpus: number[] = [];
    for (let n = -WARM_UP; n < FILES; n += 1) {
      const body = make(n + WARM_UP);
      const [before, start] = [workerdMs(), performance.now()];
      const answer = await stack.fetch('/api/verify', {
        method: 'POST',
        headers: { 'content-type': 'image/png', authorization: `Bearer ${SERVICE_TOKEN}` },
        body,
      });
      const found = (await answer.json()) as { verdict?: string };
      if (found.verdict !== verdict) throw new Error(`${kind}: ${answer.status} ${found.verdict}`);
      if (n < 0) continue;
      walls.push(performance.now() - start);
      cpus.push(workerdMs() - before);
    }
    const cpu = cpus.reduce((sum, ms) => sum + ms, 0) / cpus.length;
    // What any request costs here, proxy and all, is not what verifying costs.
    const cost = cpu - idle;
    rows.push({
      file: kind,
      kB: (make(0).byteLength / 1_000).toFixed(0),
      'wall ms': median(walls).toFixed(1),
      'workerd CPU ms': cpu.toFixed(1),
      'beyond GET /healthz': cost.toFixed(1),
      target: most === null ? '' : `<= ${most} ms: ${cost <= most ? 'met' : 'MISSED'}`,
    });
  }
  console.log(`${width}x${height}, ${FILES} of each kind, medians of wall time, means of CPU:`);
  console.table(rows);
} finally {
  await stack.close();
}
