import { lastValue, type Series } from '../indicator/series.ts';

/**
 * Colours that panels share, those of the reference chart; a panel's own ink is in its file.
 * Transparency is written as what it makes over white: fewer colours, a better palette PNG.
 */
export const COLOR = {
  text: '#2a3f5f',
  muted: '#5d6b82',
  grid: '#ebf0f8',
  border: '#c8d1e0',
  statistic: '#808080',
  plate: '#ffffff',
  plateBorder: '#b9c4d6',
  tagText: '#ffffff',
  latest: '#ffd600',
  latestEdge: '#6b5900',
  /** A bar that closes at or above its open, and one that closes below. */
  up: 'rgb(0,128,0)',
  down: 'rgb(255,0,0)',
} as const;

/** Grey for a latest value that is known, but not of the last bar. */
export function currentOr(series: Series, color: string): string {
  return lastValue(series) === null ? COLOR.statistic : color;
}
