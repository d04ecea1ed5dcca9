import canonicalize from 'canonicalize';
import type { Bar } from '../bars/bar.ts';
import { barsOf, type BarsError } from '../bars/parse-bars.ts';
import { snapshotHash } from '../bars/snapshot-hash.ts';
import { DEFAULT_SPEC, RENDERER_VERSION } from '../chart/chart-spec.ts';
import { sha256Hex } from '../digest.ts';
import type { ObjectRef } from '../storage/object-store.ts';
import type { ChartSource } from './chart-source.repository.ts';

/** A name is drawn, hashed and put into the PNG; nothing sensible is longer. */
const NAME_MAX_LENGTH = 200;
const RENDER_KEY_HEX_DIGITS = 32;
/** A symbol may be 50 characters of anything; as a path segment it stays short. */
const SLUG_MAX_LENGTH = 64;

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

/** What makes one picture: change any of it and it is another picture under another key. */
export interface RenderIdentity {
  /** 64 hex digits, `bars/snapshot-hash.ts`. */
  readonly snapshotSha256: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** JSON-safe; size, panels and indicator parameters (`chart/chart-spec.ts`). */
  readonly spec: object;
  /** `RENDERER_VERSION`: a string that changes with the picture. */
  readonly renderer: string;
}

/**
 * The render key: SHA-256 of the RFC 8785 JSON `{snapshot_sha256, symbol, timeframe, spec,
 * renderer}`, first 32 hex digits. It is ETag, object key, cache key and gate name at once.
 */
export async function renderKey(identity: RenderIdentity): Promise<string> {
  const json = canonicalize({
    snapshot_sha256: identity.snapshotSha256,
    symbol: identity.symbol,
    timeframe: identity.timeframe,
    spec: identity.spec,
    renderer: identity.renderer,
  });
  if (json === undefined) throw new TypeError('a render identity is always an object');
  return (await sha256Hex(json)).slice(0, RENDER_KEY_HEX_DIGITS);
}

/**
 * `charts/{symbol}/{timeframe}/{render key}.png` in `bucket`; symbol and timeframe are slugged to
 * `[A-Za-z0-9._-]`.
 */
export function renderObjectRef(
  bucket: string,
  picture: { readonly symbol: string; readonly timeframe: string },
  key: string,
): ObjectRef {
  return { bucket, key: `${chartFolder(picture)}/${key}.png` };
}

/** The folder that all pictures of one symbol and timeframe share. */
export function chartFolder(picture: {
  readonly symbol: string;
  readonly timeframe: string;
}): string {
  return `charts/${slug(picture.symbol)}/${slug(picture.timeframe)}`;
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

/** A path segment made of `[A-Za-z0-9._-]`; never empty, never `.` or `..`, which stores refuse. */
function slug(text: string): string {
  const cleaned = text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, SLUG_MAX_LENGTH);
  return /^[.-]*$/.test(cleaned) ? 'unknown' : cleaned;
}
