import type { Bar } from '../bars/bar.ts';
import type { Box } from './plan/chart-layout.ts';
import type { ChartPlan } from './plan/chart-plan.ts';
import { RENDERER_VERSION, type ChartSpec, type PanelName } from './chart-spec.ts';
import { FrameBook } from './draw/draw-frame.ts';
import { encodePng } from '../png/encode-png.ts';
import { GlyphBook } from './draw/glyph-book.ts';
import { reduceToPalette } from '../png/palette.ts';
import { hashPalettePixels } from '../png/pixel-hash.ts';
import { planChart } from './plan/plan-chart.ts';
import { provenanceChunk } from '../png/provenance.ts';
import { rasterizeSvg, startResvg } from './draw/rasterize-svg.ts';
import { TextStamps } from './draw/text-stamps.ts';
import { writeSvg } from './draw/write-svg.ts';

/** WebAssembly and fonts; the Worker bundles them, Node reads them from the same files. */
export interface ChartAssets {
  readonly yogaWasm: WebAssembly.Module;
  readonly resvgWasm: WebAssembly.Module;
  readonly regularFont: ArrayBuffer;
  readonly boldFont: ArrayBuffer;
}

export interface RenderInput {
  /** 2 to 5,000, ascending, as `parseBars` returns them. */
  readonly bars: readonly Bar[];
  readonly symbol: string;
  readonly timeframe: string;
  /** 64 hex digits, `snapshotHash(bars)`. */
  readonly snapshotSha256: string;
  /** 32 hex digits. */
  readonly renderKey: string;
  readonly spec: ChartSpec;
}

export interface RenderedChart {
  readonly png: Uint8Array<ArrayBuffer>;
  /** 64 hex digits over the pixels that `png` decodes to. */
  readonly pixelSha256: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Where each panel's data is drawn. */
  readonly plots: readonly (Box & { readonly name: PanelName })[];
}

export interface ChartRenderer {
  /** Draws a chart. The same input gives the same pixels in every isolate. */
  render(input: RenderInput): Promise<RenderedChart>;
  /**
   * The same picture as SVG, texts included (`render` stamps those onto the pixels), for whoever
   * draws it elsewhere.
   */
  renderSvg(input: RenderInput): Promise<string>;
  /** What would be drawn, as numbers and texts. */
  plan(input: RenderInput): Promise<ChartPlan>;
}

/**
 * Nothing is started before the first chart; the engines then live as long as the isolate. `rest`
 * is waited for between the stages of a draw, so that others in the isolate need not wait for all
 * of it.
 */
export function createChartRenderer(
  assets: ChartAssets,
  rest: () => Promise<void> = () => Promise.resolve(),
): ChartRenderer {
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

  async function plan(input: RenderInput): Promise<ChartPlan> {
    const { book, frames } = await engines();
    return planChart(input, book, frames);
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
      const plots = chart.layout.panels.map(({ name, plot: { x, y, width: w, height: h } }) => ({
        name,
        x,
        y,
        width: w,
        height: h,
      }));
      return { png: encodePng(width, height, pixels, [chunk]), pixelSha256, width, height, plots };
    },
  };
}

interface Engines {
  readonly book: GlyphBook;
  readonly frames: FrameBook;
  readonly stamps: TextStamps;
}

async function open(assets: ChartAssets): Promise<Engines> {
  const book = await GlyphBook.open(assets.yogaWasm, assets.regularFont, assets.boldFont);
  await startResvg(assets.resvgWasm);
  return { book, frames: new FrameBook(book.fonts), stamps: new TextStamps(book) };
}

function provenanceOf(input: RenderInput, pixelSha256: string) {
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
    spec,
    renderer: RENDERER_VERSION,
  };
}
