import satori, { type Font, type SatoriNode } from 'satori/standalone';
import { BOLD, CAP_HEIGHT, REGULAR } from '../font/inter.ts';
import type { Box } from '../scale/box.ts';
import type { PlannedText } from './chart-plan.ts';
import { COLOR } from './color.ts';
import { PanelHeads, type PanelHeadsProps } from './panel-heads.tsx';

/** Titles and legends of all panels: swatches as SVG, texts and what each thing covers. */
export interface LaidHeads {
  readonly swatches: string;
  readonly texts: readonly PlannedText[];
  readonly boxes: readonly Box[];
}

const MAX_KEPT = 32;

/**
 * Lays the heads of a chart out through satori and keeps the latest: most charts share them. Kept
 * or not, they are the same.
 */
export class HeadBook {
  readonly #fonts: Font[];
  readonly #kept = new Map<string, LaidHeads>();

  constructor(fonts: Font[]) {
    this.#fonts = fonts;
  }

  async layOut(props: PanelHeadsProps): Promise<LaidHeads> {
    const key = JSON.stringify(props);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const laid = await layOutHeads(props, this.#fonts);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size >= MAX_KEPT && oldest.done !== true) this.#kept.delete(oldest.value);
    this.#kept.set(key, laid);
    return laid;
  }
}

async function layOutHeads(props: PanelHeadsProps, fonts: Font[]): Promise<LaidHeads> {
  const nodes: SatoriNode[] = [];
  const svg = await satori(PanelHeads(props), {
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
function placedText(node: SatoriNode, { sizes, heads }: PanelHeadsProps): PlannedText {
  const text = node.textContent ?? '';
  const isTitle = heads.some(({ title, box }) => title === text && box.x === node.left);
  const size = isTitle ? sizes.panel : sizes.label;
  const y = Math.round(node.top + node.height / 2 + (size * CAP_HEIGHT) / 2);
  const covered = { x: node.left, y: node.top, width: node.width, height: node.height };
  const color = String(node.props['style']?.color ?? COLOR.text);
  const role = isTitle ? ('panel-title' as const) : ('legend' as const);
  return {
    role,
    text,
    x: node.left,
    y,
    size,
    weight: isTitle ? BOLD : REGULAR,
    color,
    box: covered,
  };
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
