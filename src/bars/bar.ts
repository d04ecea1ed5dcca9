/**
 * One OHLCV bar. `time` is whole epoch milliseconds (UTC). All numbers are finite; low <= open,
 * close <= high.
 */
export interface Bar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Not negative; null where nobody counts one, as for indices and currency pairs. */
  readonly volume: number | null;
}
