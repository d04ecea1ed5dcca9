import type { Bar } from '../../bars/bar.ts';
import { COLOR } from '../draw/chart-color.ts';
import { BOLD, REGULAR } from '../draw/chart-font.ts';
import { fontSizes, layOutChart, type ChartLayout } from './chart-layout.ts';
import type { ChartPlan, PlannedText, Shape } from './chart-plan.ts';
import type { ChartSpec } from '../chart-spec.ts';
import { computeIndicators } from '../indicator/compute-indicators.ts';
import type { FrameBook } from '../draw/draw-frame.ts';
import type { GlyphBook } from '../draw/glyph-book.ts';
import { panelContent } from '../panel/panel-content.ts';
import { gutterWidth, planCallouts, planGutter } from './plan-labels.ts';
import {
  inkOf,
  panelScene,
  planBackground,
  planData,
  planStatistics,
  type PanelScene,
} from './plan-panel.ts';
import { centredBaseline, planText, planUpwardText } from './plan-text.ts';
import { planTitle, visibleText } from './plan-title.ts';
import { isIntraday, timeTicks } from './time-axis.ts';

export interface PlanInput {
  /** Ascending, as `parseBars` returns them. */
  readonly bars: readonly Bar[];
  readonly symbol: string;
  readonly timeframe: string;
  readonly spec: ChartSpec;
}

/** All characters that numbers, dates and fixed texts are made of. */
const ALPHABET =
  ' !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\u00b7\u2013\u2026\u2212';

/** Decides the whole picture: where everything lies and what every label says. */
export async function planChart(
  input: PlanInput,
  book: GlyphBook,
  frames: FrameBook,
): Promise<ChartPlan> {
  const { bars, spec } = input;
  const symbol = visibleText(input.symbol);
  const timeframe = visibleText(input.timeframe);
  await book.learn(ALPHABET + timeframe, REGULAR);
  await book.learn(ALPHABET + symbol, BOLD);

  const indicators = computeIndicators(bars, spec.indicators);
  const contents = spec.panels.map(({ name }) => panelContent(name, bars, indicators, spec));
  const sizes = fontSizes(spec);
  const gutter = Math.max(...contents.map((content) => gutterWidth(content, book, sizes.label)));
  const right = gutter + sizes.label * 2.2;
  const draft = layOutChart(spec, 0, right);
  const tickWidth = widestTick(scenes(contents, draft, bars), book, sizes.label);
  const layout = layOutChart(spec, tickWidth + sizes.axis * 2.4, right);
  const panels = scenes(contents, layout, bars);

  const panelFrames = panels.map(({ box, content: { title, legend } }) => ({
    head: box.head,
    title,
    legend,
  }));
  const frame = await frames.draw({
    width: spec.width,
    height: spec.height,
    sizes,
    frames: panelFrames,
  });
  const last = panels.at(-1);
  const ticks =
    last === undefined
      ? []
      : timeTicks(
          bars,
          last.scale.x,
          (label) => book.width(label, sizes.label, REGULAR),
          sizes.label * 1.5,
        );
  const columns = ticks.map(({ index }) => last?.scale.column(index) ?? 0);

  const zoom = sizes.label / 15;
  const shapes: Shape[] = [];
  const texts: PlannedText[] = [
    ...planTitle({ bars, symbol, timeframe, spec, layout }, book),
    ...frame.texts,
  ];
  for (const scene of panels) {
    const labels = [
      planGutter(scene, layout, book),
      planCallouts(scene, inkOf(scene, bars, indicators), frame.boxes, layout, book),
    ];
    shapes.push(...planBackground(scene, indicators, columns), ...planStatistics(scene));
    shapes.push(
      ...planData(scene, bars, indicators, zoom),
      ...labels.flatMap((label) => label.shapes),
    );
    texts.push(...axisTexts(scene, layout, book), ...labels.flatMap((label) => label.texts));
  }
  ticks.forEach((tick, i) => {
    const wish = {
      role: 'time-tick' as const,
      text: tick.label,
      size: sizes.label,
      color: COLOR.text,
    };
    const half = book.width(tick.label, sizes.label, REGULAR) / 2;
    const x = Math.min(spec.width - half - 2, Math.max(half + 2, columns[i] ?? 0));
    texts.push(planText(book, { ...wish, x, y: layout.tickBaseline, anchor: 'middle' }));
  });
  const plot = last?.box.plot;
  if (plot !== undefined) {
    const text = isIntraday(bars) ? 'Date and time (UTC)' : 'Date';
    const wish = { role: 'axis-title' as const, text, size: sizes.axis, color: COLOR.text };
    const x = plot.x + plot.width / 2;
    texts.push(planText(book, { ...wish, x, y: layout.axisTitleBaseline, anchor: 'middle' }));
  }
  return {
    width: spec.width,
    height: spec.height,
    layout,
    swatches: frame.swatches,
    shapes,
    texts,
  };
}

function scenes(
  contents: readonly ReturnType<typeof panelContent>[],
  layout: ChartLayout,
  bars: readonly Bar[],
) {
  return contents.flatMap((content, i) => {
    const box = layout.panels[i];
    return box === undefined ? [] : [panelScene(content, box, bars, layout)];
  });
}

function widestTick(panels: readonly PanelScene[], book: GlyphBook, size: number): number {
  const labels = panels.flatMap((panel) => panel.ticks.map((tick) => tick.label));
  return Math.max(0, ...labels.map((label) => book.width(label, size, REGULAR)));
}

/** Value ticks, the axis title along them, and what an empty panel would need. */
function axisTexts(scene: PanelScene, layout: ChartLayout, book: GlyphBook): PlannedText[] {
  const { axis, box, content, ticks } = scene;
  const { plot } = box;
  const { label, axis: axisSize } = layout.sizes;
  const texts = ticks.map((tick) => {
    const y = centredBaseline(axis.y(tick.value), label);
    const x = plot.x - layout.unit * 1.5;
    return planText(book, {
      role: 'value-tick',
      text: tick.label,
      x,
      y,
      size: label,
      color: COLOR.text,
      anchor: 'end',
    });
  });
  const room = plot.height + box.head.height * 0.6;
  const wanted = book.width(content.axisTitle, axisSize, REGULAR);
  const size = wanted > room ? (axisSize * room) / wanted : axisSize;
  const title = { role: 'axis-title' as const, text: content.axisTitle, size, color: COLOR.text };
  texts.push(
    planUpwardText(book, { ...title, x: Math.round(axisSize * 1.3), y: plot.y + plot.height / 2 }),
  );
  if (content.needs === null) return texts;
  const middle = {
    x: plot.x + plot.width / 2,
    y: centredBaseline(plot.y + plot.height / 2, axisSize),
  };
  const needs = {
    role: 'needs' as const,
    text: content.needs,
    size: axisSize,
    color: COLOR.statistic,
  };
  return [...texts, planText(book, { ...needs, ...middle, anchor: 'middle' })];
}
