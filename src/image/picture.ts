import type { Bar } from '../bars/bar.ts';
import { DEFAULT_SPEC, RENDERER_VERSION } from '../chart/chart-spec.ts';
import { barsOf, type BarsError } from '../bars/parse-bars.ts';
import { snapshotHash } from '../bars/snapshot-hash.ts';
import type { ObjectRef } from '../storage/object-store.ts';
import type { ChartSource } from './chart-source.repository.ts';
import { renderKey, renderObjectRef } from './render-key.ts';

/** A name is drawn, hashed and put into the PNG; nothing sensible is longer. */
const NAME_MAX_LENGTH = 200;

/** The picture that a row's usable bars make: what it is called and where it belongs. */
export interface Picture {
  readonly bars: readonly Bar[];
  readonly symbol: string;
  readonly timeframe: string;
  readonly snapshotSha256: string;
  readonly renderKey: string;
  readonly ref: ObjectRef;
}

/** What a row's snapshot allows: a picture, nothing, or bars that cannot be drawn. */
export type PictureState =
  | { readonly kind: 'usable'; readonly picture: Picture }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly error: BarsError };

/**
 * Reads the snapshot; one hash over bars, chart spec and renderer version names everything that
 * follows.
 */
export async function pictureOf(
  source: Pick<ChartSource, 'snapshot' | 'rowSymbol' | 'rowTimeframe'>,
  bucket: string,
): Promise<PictureState> {
  const bars = barsOf(source.snapshot);
  if (bars.kind !== 'usable') return bars;
  const symbol = textOf(source.snapshot, 'symbol') ?? textOrNull(source.rowSymbol) ?? 'unknown';
  const timeframe =
    textOf(source.snapshot, 'timeframe') ?? textOrNull(source.rowTimeframe) ?? 'unknown';
  const snapshotSha256 = await snapshotHash(bars.bars);
  const key = await renderKey({
    snapshotSha256,
    symbol,
    timeframe,
    spec: DEFAULT_SPEC,
    renderer: RENDERER_VERSION,
  });
  const ref = renderObjectRef(bucket, { symbol, timeframe }, key);
  return {
    kind: 'usable',
    picture: { bars: bars.bars, symbol, timeframe, snapshotSha256, renderKey: key, ref },
  };
}

/**
 * When the snapshot was fetched, or null when it does not say so readably. A time without a zone is
 * UTC.
 */
export function fetchedAt(snapshot: unknown): Date | null {
  const text = textOf(snapshot, 'fetched_at');
  if (text === null) return null;
  const hasZone = /(?:[zZ]|[+-]\d\d(?::?\d\d)?)$/.test(text) && /\d[T ]\d/.test(text);
  const time = new Date(hasZone || !/\d[T ]\d/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? null : time;
}

function textOf(snapshot: unknown, name: string): string | null {
  if (typeof snapshot !== 'object' || snapshot === null) return null;
  return textOrNull((snapshot as Record<string, unknown>)[name]);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== ''
    ? value.slice(0, NAME_MAX_LENGTH).toWellFormed()
    : null;
}
