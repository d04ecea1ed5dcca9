import type { Bar } from '../../bars/bar.ts';
import type { BarScale } from '../scale/bar-scale.ts';

export interface BarColumn {
  readonly bar: Omit<Bar, 'time'>;
  /** Pixels, whole. */
  readonly column: number;
}

/**
 * Bars with their columns of pixels. Those that share one become one: first open, last close,
 * highest high, lowest low, largest volume (if any has one).
 */
export function barColumns(bars: readonly Bar[], scale: BarScale): BarColumn[] {
  return scale.crowded
    ? mergeColumns(bars, scale)
    : bars.map((bar, index) => ({ bar, column: scale.column(index) }));
}

function mergeColumns(bars: readonly Bar[], scale: BarScale): BarColumn[] {
  const merged: {
    readonly bar: { -readonly [K in keyof Bar]: Bar[K] };
    readonly column: number;
  }[] = [];
  bars.forEach((bar, index) => {
    const column = scale.column(index);
    const last = merged.at(-1);
    if (last === undefined || last.column !== column) {
      merged.push({ bar: { ...bar }, column });
      return;
    }
    last.bar.high = Math.max(last.bar.high, bar.high);
    last.bar.low = Math.min(last.bar.low, bar.low);
    last.bar.close = bar.close;
    last.bar.volume =
      bar.volume === null ? last.bar.volume : Math.max(last.bar.volume ?? 0, bar.volume);
  });
  return merged;
}
