import type { Bar } from '../../bars/bar.ts';
import type { GlyphBook } from '../font/glyph-book.ts';
import { BOLD, REGULAR } from '../font/inter.ts';
import { barPriceStyle, formatNumber, plainStyle } from '../scale/number-format.ts';
import { barLabel, isIntraday } from '../scale/time-axis.ts';
import type { ChartLayout } from './chart-layout.ts';
import type { PlannedText } from './chart-plan.ts';
import { COLOR } from './color.ts';
import { planText } from './plan-text.ts';
import type { ChartSpec } from './spec.ts';

const MAX_NAME_CHARACTERS = 60;

/**
 * A name as it can be drawn on one line: composed characters, no control characters, not endless.
 */
export function visibleText(raw: string): string {
  const text = raw
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const characters = [...text];
  return characters.length > MAX_NAME_CHARACTERS
    ? `${characters.slice(0, MAX_NAME_CHARACTERS).join('')}\u2026`
    : text;
}

export interface TitleInput {
  readonly bars: readonly Bar[];
  readonly symbol: string;
  readonly timeframe: string;
  readonly spec: ChartSpec;
  readonly layout: ChartLayout;
}

/** Symbol, what the bars are, and open, high, low, close of the last one. */
export function planTitle(
  { bars, symbol, timeframe, spec, layout }: TitleInput,
  book: GlyphBook,
): PlannedText[] {
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return [];
  const { sizes, panels } = layout;
  const x = panels[0]?.plot.x ?? 0;
  const right = spec.width - sizes.label;
  const intraday = isIntraday(bars);
  const range = `${barLabel(first.time, intraday)} \u2013 ${barLabel(last.time, intraday)}`;
  const meta = book.fit(
    `${timeframe}  \u00b7  ${formatNumber(bars.length, plainStyle(0))} bars  \u00b7  ${range}`,
    sizes.axis,
    REGULAR,
    (right - x) / 2,
  );
  const metaWidth = book.width(meta, sizes.axis, REGULAR);
  const room = right - x - metaWidth - sizes.title;
  const titleSize = fittingSize(symbol, sizes.title, sizes.label, room, book);
  const title = book.fit(symbol, titleSize, BOLD, room);
  const style = barPriceStyle(bars);
  const values = [
    ['Open', last.open],
    ['High', last.high],
    ['Low', last.low],
    ['Close', last.close],
  ] as const;
  const subtitle = values
    .map(([name, value]) => `${name}: ${formatNumber(value, style)}`)
    .join(' | ');
  const y = layout.titleBaseline;
  return [
    planText(book, {
      role: 'title',
      text: title,
      x,
      y,
      size: titleSize,
      color: COLOR.text,
      bold: true,
    }),
    planText(book, {
      role: 'meta',
      text: meta,
      x: right,
      y,
      size: sizes.axis,
      color: COLOR.muted,
      anchor: 'end',
    }),
    planText(book, {
      role: 'subtitle',
      text: subtitle,
      x,
      y: layout.subtitleBaseline,
      size: sizes.axis,
      color: COLOR.text,
    }),
  ];
}

function fittingSize(
  text: string,
  largest: number,
  smallest: number,
  room: number,
  book: GlyphBook,
): number {
  const width = book.width(text, largest, BOLD);
  if (width <= room) return largest;
  return Math.max(smallest, Math.floor((largest * room) / width));
}
