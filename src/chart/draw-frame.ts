import satori, { type Font, type SatoriNode } from 'satori/standalone';
import { ChartFrame, type ChartFrameProps } from './chart-frame.tsx';
import type { Box } from './chart-layout.ts';

/** Titles and legends as SVG, and what each text and swatch covers. */
export interface DrawnFrame {
  readonly svg: string;
  readonly boxes: readonly Box[];
  readonly texts: readonly string[];
}

const MAX_KEPT = 32;

/** Lays frames out through satori and keeps the latest: most charts share one. Kept or not, the frame is the same. */
export class FrameBook {
  readonly #fonts: Font[];
  readonly #kept = new Map<string, DrawnFrame>();

  constructor(fonts: Font[]) {
    this.#fonts = fonts;
  }

  async draw(props: ChartFrameProps): Promise<DrawnFrame> {
    const key = JSON.stringify(props);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const drawn = await drawFrame(props, this.#fonts);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size >= MAX_KEPT && oldest.done !== true) this.#kept.delete(oldest.value);
    this.#kept.set(key, drawn);
    return drawn;
  }
}

async function drawFrame(props: ChartFrameProps, fonts: Font[]): Promise<DrawnFrame> {
  const nodes: SatoriNode[] = [];
  const svg = await satori(ChartFrame(props), {
    width: props.width,
    height: props.height,
    fonts,
    onNodeDetected: (node) => nodes.push(node),
  });
  const texts = nodes.filter((node) => node.textContent !== undefined);
  const swatches = nodes.filter((node) => node.props['style']?.backgroundColor !== undefined);
  return {
    svg: shapesOf(svg),
    boxes: [...texts, ...swatches].map(({ left, top, width, height }) => ({
      x: left,
      y: top,
      width,
      height,
    })),
    texts: texts.map((node) => node.textContent ?? ''),
  };
}

/** Satori's shapes without the mask it adds for each box (none of ours is used, and masks are what resvg is slow at). */
function shapesOf(svg: string): string {
  const inner = svg.replace(/^<svg[^>]*>/, '').replace(/<\/svg>$/, '');
  return inner
    .replaceAll(/<mask [^>]*>.*?<\/mask>/g, '')
    .replaceAll(/<clipPath [^>]*>.*?<\/clipPath>/g, '')
    .replaceAll(/ (?:clip-path|mask)="[^"]*"/g, '');
}
