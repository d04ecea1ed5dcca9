import type { Bar } from '../../bars/bar.ts';
import type { GlyphBook } from '../font/glyph-book.ts';
import { BOLD, REGULAR } from '../font/inter.ts';
import { SeriesBook } from '../indicator/series-book.ts';
import type { Shape } from '../mark/shape.ts';
import { fontSizes, layOutChart, type ChartLayout } from './chart-layout.ts';
import type { ChartPlan, PlannedText } from './chart-plan.ts';
import type { HeadBook } from './head-book.ts';
import { withStats, type StatedContent } from './labels.ts';
import { panelScene, type PanelScene } from './panel-scene.ts';
import type { PanelContent, Panels } from './panel.ts';
import { planTimeAxis, planValueAxis } from './plan-axes.ts';
import { planCallouts } from './plan-callouts.ts';
import { gutterWidth, planGutter } from './plan-gutter.ts';
import { inkOf, planBackground, planMarks, planStatistics } from './plan-panel.ts';
import { planTitle, visibleText } from './plan-title.ts';
import type { ChartSpec } from './spec.ts';

export interface PlanInput {
  /** Ascending, as `parseBars` returns them. */
  readonly bars: readonly Bar[];
  readonly symbol: string;
  readonly timeframe: string;
  readonly spec: ChartSpec;
}

export interface PlanTools {
  /** Every panel that a spec may name. */
  readonly panels: Panels;
  readonly book: GlyphBook;
  readonly heads: HeadBook;
}

/** All characters that numbers, dates and fixed texts are made of. */
const ALPHABET =
  ' !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz' +
  '{|}~\u00b7\u2013\u2026\u2212';

/**
 * Decides the whole picture: where everything lies and what every label says.
 *
 * @throws {RangeError} for a spec with a panel or parameters that do not exist.
 */
export async function planChart(
  input: PlanInput,
  { panels, book, heads }: PlanTools,
): Promise<ChartPlan> {
  const { bars, spec } = input;
  const symbol = visibleText(input.symbol);
  const timeframe = visibleText(input.timeframe);
  await book.learn(ALPHABET + timeframe, REGULAR);
  await book.learn(ALPHABET + symbol, BOLD);

  const series = new SeriesBook(bars, spec.indicators);
  const contents = spec.panels.map(({ name }) => withStats(contentOf(name, panels, series)));
  const layout = layOut(contents, input, book);
  const scenes = scenesOf(contents, layout, bars.length);
  const head = await heads.layOut({
    width: spec.width,
    height: spec.height,
    sizes: layout.sizes,
    heads: scenes.map(({ box, content: { title, legend } }) => ({ box: box.head, title, legend })),
  });
  const last = scenes.at(-1);
  const dates =
    last === undefined
      ? { columns: [], texts: [] }
      : planTimeAxis(bars, last, spec.width, layout, book);

  const shapes: Shape[] = [];
  const texts: PlannedText[] = [
    ...planTitle({ bars, symbol, timeframe, spec, layout }, book),
    ...head.texts,
  ];
  for (const scene of scenes) {
    const labels = [
      planGutter(scene, layout, book),
      planCallouts(scene, inkOf(scene), head.boxes, layout, book),
    ];
    shapes.push(
      ...planBackground(scene, dates.columns),
      ...planStatistics(scene),
      ...planMarks(scene),
      ...labels.flatMap((label) => label.shapes),
    );
    texts.push(...planValueAxis(scene, layout, book), ...labels.flatMap((label) => label.texts));
  }
  texts.push(...dates.texts);
  const { width, height } = spec;
  return { width, height, layout, swatches: head.swatches, shapes, texts };
}

function contentOf(name: string, panels: Panels, series: SeriesBook): PanelContent {
  const panel = panels[name];
  if (panel === undefined) throw new RangeError(`there is no panel ${name}`);
  return panel.content(series);
}

/**
 * Twice, because ticks need room on the left: the first layout tells the height of panels, so the
 * ticks they have, so how wide these are.
 */
function layOut(
  contents: readonly StatedContent[],
  { bars, spec }: PlanInput,
  book: GlyphBook,
): ChartLayout {
  const { label, axis } = fontSizes(spec);
  const gutter = Math.max(...contents.map((content) => gutterWidth(content, book, label)));
  const right = gutter + label * 2.2;
  const draft = scenesOf(contents, layOutChart(spec, 0, right), bars.length);
  const ticks = draft.flatMap((scene) => scene.ticks.map((tick) => tick.label));
  const tickWidth = Math.max(0, ...ticks.map((text) => book.width(text, label, REGULAR)));
  return layOutChart(spec, tickWidth + axis * 2.4, right);
}

function scenesOf(
  contents: readonly StatedContent[],
  layout: ChartLayout,
  barCount: number,
): PanelScene[] {
  return contents.flatMap((content, i) => {
    const box = layout.panels[i];
    return box === undefined ? [] : [panelScene(content, box, barCount, layout)];
  });
}
