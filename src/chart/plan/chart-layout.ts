import type { Box } from '../scale/box.ts';
import type { ChartSpec } from './spec.ts';

export interface PanelBox {
  readonly name: string;
  /** Where data is drawn. */
  readonly plot: Box;
  /** The row above the plot: title and legend. */
  readonly head: Box;
}

export interface FontSizes {
  /** The symbol, at most. */
  readonly title: number;
  /** Panel titles. */
  readonly panel: number;
  /** Subtitle, axis titles. */
  readonly axis: number;
  /** Ticks, legends, values. */
  readonly label: number;
}

export interface ChartLayout {
  readonly sizes: FontSizes;
  /** Pixels of the smallest gap between two things; grows with the fonts. */
  readonly unit: number;
  readonly panels: readonly PanelBox[];
  readonly titleBaseline: number;
  readonly subtitleBaseline: number;
  readonly tickBaseline: number;
  readonly axisTitleBaseline: number;
  /** Left edge of the value labels in the gutter. */
  readonly gutterX: number;
}

/** 16 px on a side of 1,200; wider or higher pictures are shown larger or scaled down. */
const BASE_PER_SIDE = 15.8 / 1200;
const SMALLEST_BASE = 9;

export function fontSizes(spec: ChartSpec): FontSizes {
  const base = Math.max(
    SMALLEST_BASE,
    Math.round(Math.min(spec.width, spec.height) * BASE_PER_SIDE),
  );
  return { title: Math.round(base * 1.5), panel: base, axis: base, label: base - 1 };
}

/**
 * Divides the picture: header, panels (each with its head row), dates. `left` and `right` are the
 * pixels that value ticks and value labels need; panels share what is left by `share`.
 */
export function layOutChart(spec: ChartSpec, left: number, right: number): ChartLayout {
  const sizes = fontSizes(spec);
  const unit = Math.max(2, Math.round(sizes.label / 4));
  const plotX = Math.ceil(left);
  const plotWidth = Math.max(1, Math.floor(spec.width - right) - plotX);
  const titleBaseline = Math.round(sizes.title * 1.25);
  const subtitleBaseline = titleBaseline + Math.round(sizes.axis * 1.5);
  const headHeight = Math.max(
    Math.round(spec.spacing * spec.height),
    Math.round(sizes.panel * 1.9),
  );
  const firstHead = subtitleBaseline + Math.round(sizes.axis * 0.5);
  const bottomSpace = Math.round(sizes.label * 1.7 + sizes.axis * 1.9);
  const plotSpace = spec.height - bottomSpace - firstHead - headHeight * spec.panels.length;
  const shares = spec.panels.reduce((sum, panel) => sum + panel.share, 0);
  const panels: PanelBox[] = [];
  let y = firstHead;
  for (const { name, share } of spec.panels) {
    const height = Math.max(8, Math.floor((plotSpace * share) / shares));
    const head = { x: plotX, y, width: plotWidth, height: headHeight };
    panels.push({ name, head, plot: { x: plotX, y: y + headHeight, width: plotWidth, height } });
    y += headHeight + height;
  }
  const tickBaseline = y + Math.round(sizes.label * 1.4);
  return {
    sizes,
    unit,
    panels,
    titleBaseline,
    subtitleBaseline,
    tickBaseline,
    axisTitleBaseline: tickBaseline + Math.round(sizes.axis * 1.5),
    gutterX: plotX + plotWidth + unit * 3,
  };
}
