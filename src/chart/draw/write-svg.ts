import type { GlyphBook } from '../font/glyph-book.ts';
import { TEXT_UNITS_PER_PIXEL } from '../font/outline.ts';
import type { Shape } from '../mark/shape.ts';
import type { ChartPlan, PlannedText } from '../plan/chart-plan.ts';
import { COLOR } from '../plan/color.ts';

/** Lines are written in tenths of a pixel: whole, relative numbers are short and quick to parse. */
const LINE_UNITS = 10;
const LINE_SCALE = 'scale(.1)';

/** `texts` are those to be written; each becomes outlines, there is no text element. */
export function writeSvg(plan: ChartPlan, texts: readonly PlannedText[], book: GlyphBook): string {
  const { width, height } = plan;
  const shapes = mergeRects(plan.shapes).map(writeShape).join('');
  const attributes = attributesOf({ xmlns: 'http://www.w3.org/2000/svg', width, height });
  return `<svg${attributes}>${shapes}${plan.swatches}${writeTexts(texts, book)}</svg>`;
}

type Attributes = Readonly<Record<string, string | number>>;

/** Values are colours, numbers and paths: none of them needs escaping. */
function attributesOf(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

function element(name: string, attributes: Attributes): string {
  return `<${name}${attributesOf(attributes)}/>`;
}

/** Neighbouring layers of rectangles of one colour become one path. */
function mergeRects(shapes: readonly Shape[]): Shape[] {
  const merged: Shape[] = [];
  for (const shape of shapes) {
    const last = merged.at(-1);
    if (shape.kind === 'rects' && last?.kind === 'rects' && last.color === shape.color) {
      merged[merged.length - 1] = { ...last, numbers: [...last.numbers, ...shape.numbers] };
    } else merged.push(shape);
  }
  return merged;
}

function writeShape(shape: Shape): string {
  switch (shape.kind) {
    case 'rects': {
      const d = rectsPath(shape.numbers);
      return element('path', { 'shape-rendering': 'crispEdges', fill: shape.color, d });
    }
    case 'area': {
      const d = shape.numbers.map((points) => `${linePath(points)}z`).join('');
      return element('path', { transform: LINE_SCALE, fill: shape.color, d });
    }
    case 'lines':
      return element('path', {
        transform: LINE_SCALE,
        fill: 'none',
        stroke: shape.color,
        'stroke-width': tenths(shape.width),
        ...(shape.dash && { 'stroke-dasharray': shape.dash.map(tenths).join(' ') }),
        'stroke-linejoin': 'bevel',
        d: shape.lines.map(linePath).join(''),
      });
    case 'dot':
      return element('circle', {
        cx: tenths(shape.x) / LINE_UNITS,
        cy: tenths(shape.y) / LINE_UNITS,
        r: shape.radius,
        fill: COLOR.latest,
        stroke: COLOR.latestEdge,
      });
    case 'plate':
      return element('rect', {
        x: shape.box.x + 0.5,
        y: shape.box.y + 0.5,
        width: shape.box.width - 1,
        height: shape.box.height - 1,
        rx: 3,
        fill: shape.fill,
        stroke: shape.stroke,
      });
  }
}

function tenths(pixels: number): number {
  return Math.round(pixels * LINE_UNITS);
}

function rectsPath(numbers: readonly number[]): string {
  let path = '';
  for (let i = 0; i < numbers.length; i += 4) {
    const width = numbers[i + 2] ?? 0;
    path += `M${numbers[i]} ${numbers[i + 1]}h${width}v${numbers[i + 3]}h${-width}z`;
  }
  return path;
}

function linePath(points: readonly number[]): string {
  let x = tenths(points[0] ?? 0);
  let y = tenths(points[1] ?? 0);
  let path = `M${x} ${y}l`;
  for (let i = 2; i < points.length; i += 2) {
    const nextX = tenths(points[i] ?? 0);
    const nextY = tenths(points[i + 1] ?? 0);
    path += `${i === 2 ? '' : ' '}${nextX - x} ${nextY - y}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

/** One path per text: a path over the whole picture costs resvg many times what small ones do. */
function writeTexts(texts: readonly PlannedText[], book: GlyphBook): string {
  const scale = `scale(${1 / TEXT_UNITS_PER_PIXEL})`;
  return texts
    .map(({ text, size, weight, x, y, color, upwards }) =>
      upwards === true
        ? element('path', {
            transform: `translate(${Math.round(x)} ${Math.round(y)}) rotate(-90) ${scale}`,
            fill: color,
            d: book.outline(text, size, weight, 0, 0),
          })
        : element('path', {
            transform: scale,
            fill: color,
            d: book.outline(text, size, weight, x, y),
          }),
    )
    .join('');
}
