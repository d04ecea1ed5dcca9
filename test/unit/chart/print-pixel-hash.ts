/** Prints the pixel hashes of two charts; started by a test under other time zones and locales. */
import { loadChartAssets } from '../../../scripts/seed/load-chart-assets.ts';
import { DEFAULT_SPEC } from '../../../src/chart/chart-spec.ts';
import { createChartRenderer } from '../../../src/chart/render-chart.ts';
import { walk } from './awkward-series.ts';

const renderer = createChartRenderer(await loadChartAssets());
const input = {
  symbol: 'I i İ ı',
  timeframe: '1h',
  snapshotSha256: 'a'.repeat(64),
  renderKey: 'b'.repeat(32),
  spec: DEFAULT_SPEC,
};
const daily = await renderer.render({ ...input, bars: walk(120, { start: 12_345.678 }) });
const hourly = await renderer.render({ ...input, bars: walk(120, { step: 3600 }) });
process.stdout.write(`${daily.pixelSha256} ${hourly.pixelSha256}`);
