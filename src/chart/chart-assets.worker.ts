import resvgWasm from '@resvg/resvg-wasm/index_bg.wasm';
import yogaWasm from 'satori/yoga.wasm';
import regularFont from './font/inter-regular.ttf';
import boldFont from './font/inter-semibold.ttf';
import type { ChartAssets } from './render-chart.ts';

/**
 * What the Worker's bundle holds for the renderer. Node reads the same files with
 * `scripts/seed/load-chart-assets.ts`.
 */
export const chartAssets: ChartAssets = { yogaWasm, resvgWasm, regularFont, boldFont };
