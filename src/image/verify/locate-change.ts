import type { Bar } from '../../bars/bar.ts';
import { barScale } from '../../chart/scale/bar-scale.ts';
import type { PlotBox } from '../ledger/chart-render.table.ts';
import type { ChangedRegion } from './compare-pictures.ts';

/** A changed region in the words of the chart. */
export interface LocatedRegion extends ChangedRegion {
  /**
   * A panel, `header` above all of them, `time_axis` below; null when the ledger does not know
   * where panels lie.
   */
  readonly panel: string | null;
  /**
   * ISO 8601, UTC: the bars that the region covers; null beside the plot, or when nobody has the
   * bars any more.
   */
  readonly first_bar: string | null;
  readonly last_bar: string | null;
}

/**
 * Rows of pixels at which another part of the chart begins: the first panel's title, each further
 * panel's, the dates. Null plots: nobody knows.
 */
export function partBorders(plots: readonly PlotBox[] | null): number[] {
  const [first] = plots ?? [];
  if (plots === null || first === undefined) return [];
  return [first.y - headHeight(plots), ...plots.map(({ y, height }) => y + height)];
}

/**
 * Says where a region lies that crosses none of `partBorders`. `plots` from top to bottom, each
 * with its title above it.
 */
export function locateChange(
  region: ChangedRegion,
  plots: readonly PlotBox[] | null,
  bars: readonly Bar[] | null,
): LocatedRegion {
  const unknown = { ...region, panel: null, first_bar: null, last_bar: null };
  const [first] = plots ?? [];
  if (plots === null || first === undefined) return unknown;
  if (region.y < first.y - headHeight(plots)) return { ...unknown, panel: 'header' };
  const plot = plots.find(({ y, height }) => region.y < y + height);
  if (plot === undefined) return { ...unknown, panel: 'time_axis' };
  const isTitle = region.y + region.height <= plot.y;
  return isTitle
    ? { ...unknown, panel: plot.name }
    : { ...region, panel: plot.name, ...barsUnder(region, plot, bars) };
}

/** Pixels of a panel's title, the same for all; 0 where one panel alone does not tell. */
function headHeight([first, second]: readonly PlotBox[]): number {
  return first === undefined || second === undefined ? 0 : second.y - (first.y + first.height);
}

function barsUnder(
  { x, width }: ChangedRegion,
  plot: PlotBox,
  bars: readonly Bar[] | null,
): Pick<LocatedRegion, 'first_bar' | 'last_bar'> {
  const right = x + width - 1;
  if (bars === null || right < plot.x || x >= plot.x + plot.width)
    return { first_bar: null, last_bar: null };
  const { step } = barScale(bars.length, plot);
  const at = (pixel: number) =>
    Math.min(bars.length - 1, Math.max(0, Math.floor((pixel - plot.x) / step)));
  return { first_bar: timeOf(bars[at(x)]), last_bar: timeOf(bars[at(right)]) };
}

function timeOf(bar: Bar | undefined): string | null {
  return bar === undefined ? null : new Date(bar.time).toISOString();
}
