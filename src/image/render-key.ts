import canonicalize from 'canonicalize';
import { sha256Hex } from '../digest.ts';
import type { ObjectRef } from '../storage/object-store.ts';

/** What makes one picture: change any of it and it is another picture under another key. */
export interface RenderIdentity {
  /** 64 hex digits, `chart/snapshot-hash.ts`. */
  readonly snapshotSha256: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** JSON-safe; size, panels and indicator parameters (`chart/chart-spec.ts`). */
  readonly spec: object;
  /** `RENDERER_VERSION`: a string that changes with the picture. */
  readonly renderer: string;
}

const RENDER_KEY_HEX_DIGITS = 32;
/** A symbol may be 50 characters of anything; as a path segment it stays short. */
const SLUG_MAX_LENGTH = 64;

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

/** A path segment made of `[A-Za-z0-9._-]`; never empty, never `.` or `..`, which stores refuse. */
function slug(text: string): string {
  const cleaned = text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, SLUG_MAX_LENGTH);
  return /^[.-]*$/.test(cleaned) ? 'unknown' : cleaned;
}
