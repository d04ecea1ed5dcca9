import type { GlyphBook } from '../font/glyph-book.ts';
import { TEXT_UNITS_PER_PIXEL } from '../font/outline.ts';
import type { Shape } from '../mark/shape.ts';
import type { ChartPlan, PlannedText } from '../plan/chart-plan.ts';
import { COLOR } from '../plan/color.ts';

/** Lines are written in tenths of a pixel: whole, relative numbers are short and quick to parse. */
const LINE_UNITS = 10;

/** `texts` are those to be written; each becomes outlines, there is no text element. */
export function writeSvg(plan: ChartPlan, texts: readonly PlannedText[], book: GlyphBook): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${plan.width}" height="${plan.height}">`;
  return `${open}${mergeRects(plan.shapes).map(writeShape).join('')}${plan.swatches}${writeTexts(texts, book)}</svg>`;
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
    case 'rects':
      return `<path shape-rendering="crispEdges" fill="${shape.color}" d="${rectsPath(shape.numbers)}"/>`;
    case 'area':
      return `<path transform="scale(.1)" fill="${shape.color}" d="${shape.numbers.map((n) => `${linePath(n)}z`).join('')}"/>`;
    case 'lines': {
      const dash =
        shape.dash === undefined
          ? ''
          : ` stroke-dasharray="${tenths(shape.dash[0])} ${tenths(shape.dash[1])}"`;
      const stroke = `fill="none" stroke="${shape.color}" stroke-width="${tenths(shape.width)}"${dash}`;
      return `<path transform="scale(.1)" ${stroke} stroke-linejoin="bevel" d="${shape.lines.map(linePath).join('')}"/>`;
    }
    case 'dot':
      return `<circle cx="${tenths(shape.x) / 10}" cy="${tenths(shape.y) / 10}" r="${shape.radius}" fill="${COLOR.latest}" stroke="${COLOR.latestEdge}"/>`;
    case 'plate': {
      const { x, y, width, height } = shape.box;
      const place = `x="${x + 0.5}" y="${y + 0.5}" width="${width - 1}" height="${height - 1}" rx="3"`;
      return `<rect ${place} fill="${shape.fill}" stroke="${shape.stroke}"/>`;
    }
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
    .map(({ text, size, weight, x, y, color, upwards }) => {
      const transform =
        upwards === true
          ? `translate(${Math.round(x)} ${Math.round(y)}) rotate(-90) ${scale}`
          : scale;
      const outline = book.outline(
        text,
        size,
        weight,
        upwards === true ? 0 : x,
        upwards === true ? 0 : y,
      );
      return `<path transform="${transform}" fill="${color}" d="${outline}"/>`;
    })
    .join('');
}
