import type { Bar } from '../bars/bar.ts';
import { encodePng } from '../png/encode-png.ts';
import { hashPalettePixels, reduceToPalette } from '../png/palette.ts';
import { provenanceChunk, type Provenance } from '../png/provenance.ts';
import { PANELS, RENDERER_VERSION, type PanelName } from './chart-spec.ts';
import { rasterizeSvg, startResvg } from './draw/rasterize-svg.ts';
import { TextStamps } from './draw/text-stamps.ts';
import { writeSvg } from './draw/write-svg.ts';
import { GlyphBook } from './font/glyph-book.ts';
import type { PanelBox } from './plan/chart-layout.ts';
import type { ChartPlan } from './plan/chart-plan.ts';
import { HeadBook } from './plan/head-book.ts';
import type { Panels } from './plan/panel.ts';
import { planChart } from './plan/plan-chart.ts';
import type { ChartSpec } from './plan/spec.ts';
import type { Box } from './scale/box.ts';

/** WebAssembly and fonts; the Worker bundles them, Node reads them from the same files. */
export interface ChartAssets {
  readonly yogaWasm: WebAssembly.Module;
  readonly resvgWasm: WebAssembly.Module;
  readonly regularFont: ArrayBuffer;
  readonly boldFont: ArrayBuffer;
}

/** `Name`: the panels that the renderer has. */
export interface RenderInput<Name extends string = PanelName> {
  /** 2 to 5,000, ascending, as `parseBars` returns them. */
  readonly bars: readonly Bar[];
  readonly symbol: string;
  readonly timeframe: string;
  /** 64 hex digits, `snapshotHash(bars)`. */
  readonly snapshotSha256: string;
  /** 32 hex digits. */
  readonly renderKey: string;
  readonly spec: ChartSpec<Name>;
}

export interface RenderedChart {
  readonly png: Uint8Array<ArrayBuffer>;
  /** 64 hex digits over the pixels that `png` decodes to. */
  readonly pixelSha256: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Where each panel's data is drawn. */
  readonly plots: readonly (Box & { readonly name: string })[];
}

export interface ChartRenderer<Name extends string = PanelName> {
  /** Draws a chart. The same input gives the same pixels in every isolate. */
  render(input: RenderInput<Name>): Promise<RenderedChart>;
  /**
   * The same picture as SVG, texts included (`render` stamps those onto the pixels), for whoever
   * draws it elsewhere.
   */
  renderSvg(input: RenderInput<Name>): Promise<string>;
  /** What would be drawn, as numbers and texts. */
  plan(input: RenderInput<Name>): Promise<ChartPlan>;
}

export interface RendererOptions<Name extends string> {
  /** What specs may name; the seven of `PANELS` where it is not said. */
  readonly panels?: Panels<Name>;
  /** Waited for between the stages of a draw, so that others in the isolate get a turn. */
  readonly rest?: () => Promise<void>;
}

/**
 * Nothing is started before the first chart; the engines then live as long as the isolate. Its
 * methods throw a RangeError for a spec with a panel or parameters that do not exist.
 */
export function createChartRenderer<Name extends string = PanelName>(
  assets: ChartAssets,
  options: RendererOptions<Name> = {},
): ChartRenderer<Name> {
  const panels: Panels = options.panels ?? PANELS;
  const rest = options.rest ?? (() => Promise.resolve());
  let opening: Promise<Engines> | null = null;

  async function engines(): Promise<Engines> {
    opening ??= open(assets);
    try {
      return await opening;
    } catch (error) {
      opening = null; // a later chart may have more luck
      throw error;
    }
  }

  async function plan(input: RenderInput<Name>): Promise<ChartPlan> {
    const { book, heads } = await engines();
    return planChart(input, { panels, book, heads });
  }

  return {
    plan,
    async renderSvg(input) {
      const chart = await plan(input);
      return writeSvg(chart, chart.texts, (await engines()).book);
    },
    async render(input) {
      const { book, stamps } = await engines();
      const chart = await plan(input);
      await rest();
      const upwards = chart.texts.filter((text) => text.upwards === true);
      const flat = chart.texts.filter((text) => text.upwards !== true);
      const raster = rasterizeSvg(writeSvg(chart, upwards, book));
      await rest();
      stamps.draw(raster, flat);
      const { width, height, rgba } = raster;
      const pixels = reduceToPalette(rgba, width);
      await rest();
      const pixelSha256 = hashPalettePixels(width, height, pixels);
      const chunk = provenanceChunk(provenanceOf(input, pixelSha256));
      const plots = chart.layout.panels.map(plotOf);
      return { png: encodePng(width, height, pixels, [chunk]), pixelSha256, width, height, plots };
    },
  };
}

interface Engines {
  readonly book: GlyphBook;
  readonly heads: HeadBook;
  readonly stamps: TextStamps;
}

async function open(assets: ChartAssets): Promise<Engines> {
  const book = await GlyphBook.open(assets.yogaWasm, assets.regularFont, assets.boldFont);
  await startResvg(assets.resvgWasm);
  return { book, heads: new HeadBook(book.fonts), stamps: new TextStamps(book) };
}

function plotOf({ name, plot: { x, y, width, height } }: PanelBox) {
  return { name, x, y, width, height };
}

function provenanceOf(input: RenderInput<string>, pixelSha256: string): Provenance {
  const { bars, spec, symbol, timeframe } = input;
  return {
    snapshot_sha256: input.snapshotSha256,
    render_key: input.renderKey,
    pixel_sha256: pixelSha256,
    symbol,
    timeframe,
    bar_count: bars.length,
    first_bar: new Date(bars[0]?.time ?? 0).toISOString(),
    last_bar: new Date(bars.at(-1)?.time ?? 0).toISOString(),
    spec: { ...spec },
    renderer: RENDERER_VERSION,
  };
}
