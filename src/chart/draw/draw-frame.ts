import satori, { type Font, type SatoriNode } from 'satori/standalone';
import { ChartFrame, type ChartFrameProps } from './chart-frame.tsx';
import { COLOR } from './chart-color.ts';
import { BOLD, REGULAR } from './chart-font.ts';
import type { Box } from '../plan/chart-layout.ts';
import type { PlannedText } from '../plan/chart-plan.ts';
import { CAP_HEIGHT } from '../plan/plan-text.ts';

/** Titles and legends: swatches as SVG, texts and what each thing covers. */
export interface DrawnFrame {
  readonly swatches: string;
  readonly texts: readonly PlannedText[];
  readonly boxes: readonly Box[];
}

const MAX_KEPT = 32;

/**
 * Lays frames out through satori and keeps the latest: most charts share one. Kept or not, the
 * frame is the same.
 */
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
    swatches: shapesOf(svg),
    texts: texts.map((node) => placedText(node, props)),
    boxes: [...texts, ...swatches].map(({ left, top, width, height }) => ({
      x: left,
      y: top,
      width,
      height,
    })),
  };
}

/** Satori says where a text lies; it is drawn from its glyphs like every other text. */
function placedText(node: SatoriNode, { sizes, frames }: ChartFrameProps): PlannedText {
  const text = node.textContent ?? '';
  const isTitle = frames.some((frame) => frame.title === text && frame.head.x === node.left);
  const size = isTitle ? sizes.panel : sizes.label;
  const y = Math.round(node.top + node.height / 2 + (size * CAP_HEIGHT) / 2);
  const box = { x: node.left, y: node.top, width: node.width, height: node.height };
  const color = String(node.props['style']?.color ?? COLOR.text);
  const role = isTitle ? ('panel-title' as const) : ('legend' as const);
  return { role, text, x: node.left, y, size, weight: isTitle ? BOLD : REGULAR, color, box };
}

/**
 * Satori's rectangles without its texts and without the mask it adds for each box (masks are what
 * resvg is slow at).
 */
function shapesOf(svg: string): string {
  const inner = svg.replace(/^<svg[^>]*>/, '').replace(/<\/svg>$/, '');
  const bare = inner
    .replaceAll(/<mask [^>]*>.*?<\/mask>/g, '')
    .replaceAll(/<clipPath [^>]*>.*?<\/clipPath>/g, '')
    .replaceAll(/<g\s*><path fill="[^"]*" d="[^"]*"\/><\/g>/g, '')
    .replaceAll(/ (?:clip-path|mask)="[^"]*"/g, '');
  return `<g shape-rendering="crispEdges">${bare}</g>`;
}
