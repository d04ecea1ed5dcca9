import type { ChartRenderer } from '../../src/chart/render-chart.ts';

/** The chart renderer in Node. Loaded when something has to be drawn; most starts draw nothing. */
export async function openRenderer(): Promise<ChartRenderer> {
  const [{ createChartRenderer }, { loadChartAssets }] = await Promise.all([
    import('../../src/chart/render-chart.ts'),
    import('./load-chart-assets.ts'),
  ]);
  return createChartRenderer(await loadChartAssets());
}
