import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ChartAssets } from '../../src/chart/render-chart.ts';

const require = createRequire(import.meta.url);

/**
 * What the Worker bundles (`src/chart/chart-assets.worker.ts`), read from the same files for Node:
 * tests, bench, seed.
 */
export async function loadChartAssets(): Promise<ChartAssets> {
  const [yogaWasm, resvgWasm, regularFont, boldFont] = await Promise.all([
    compile(require.resolve('satori/yoga.wasm')),
    compile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')),
    bytes(new URL('../../src/chart/font/inter-regular.ttf', import.meta.url)),
    bytes(new URL('../../src/chart/font/inter-semibold.ttf', import.meta.url)),
  ]);
  return { yogaWasm, resvgWasm, regularFont, boldFont };
}

async function compile(path: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await bytes(path));
}

async function bytes(path: string | URL): Promise<ArrayBuffer> {
  const file = await readFile(path);
  return new Uint8Array(file).buffer;
}
