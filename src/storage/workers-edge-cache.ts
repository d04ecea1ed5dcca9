import { failure } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { CachedImage, EdgeCache } from './edge-cache.ts';

/** Never resolved by anybody: the Cache API wants URLs as names. */
const ORIGIN = 'https://edge.chartproof.internal';
const IMMUTABLE = 'public, max-age=31536000, immutable';

/**
 * The Cache API of one colo. Keys are bare GETs that carry nothing of the client: its Range or
 * If-None-Match would make `match` answer 206 or 304. Only complete buffers are put, because the
 * cache stores truncated streams too.
 */
export function createWorkersEdgeCache(cache: Cache, log: Log): EdgeCache {
  const pointerUrl = (name: string) => `${ORIGIN}/pointer/${encodeURIComponent(name)}`;
  const documentUrl = (name: string) => `${ORIGIN}/document/${encodeURIComponent(name)}`;
  const imageUrl = (contentKey: string) => `${ORIGIN}/image/${encodeURIComponent(contentKey)}`;

  /** A broken cache is a miss. */
  async function attempt<T>(what: string, fallback: T, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      log.warn('edge_cache.failed', { operation: what, ...failure(error) });
      return fallback;
    }
  }

  return {
    getPointer: (name) =>
      attempt('get_pointer', null, async () => {
        const response = await cache.match(pointerUrl(name));
        return response === undefined ? null : response.json<unknown>();
      }),

    putPointer: (name, value, ttlSeconds) =>
      attempt('put_pointer', undefined, () =>
        cache.put(
          pointerUrl(name),
          Response.json(value, { headers: { 'cache-control': `max-age=${ttlSeconds}` } }),
        ),
      ),

    deletePointer: (name) =>
      attempt('delete_pointer', undefined, async () => {
        await cache.delete(pointerUrl(name));
      }),

    getImage: (contentKey) =>
      attempt<CachedImage | null>('get_image', null, async () => {
        const response = await cache.match(imageUrl(contentKey));
        if (response === undefined) return null;
        const bytes = await whole(response);
        if (bytes === null) return null;
        return {
          bytes,
          contentType: response.headers.get('content-type') ?? 'application/octet-stream',
        };
      }),

    putImage: (contentKey, { bytes, contentType }) =>
      attempt('put_image', undefined, () =>
        cache.put(imageUrl(contentKey), stored(bytes, contentType, IMMUTABLE)),
      ),

    getDocument: (name) =>
      attempt<Uint8Array<ArrayBuffer> | null>('get_document', null, async () => {
        const response = await cache.match(documentUrl(name));
        return response === undefined ? null : whole(response);
      }),

    putDocument: (name, bytes, ttlSeconds) =>
      attempt('put_document', undefined, () =>
        cache.put(
          documentUrl(name),
          stored(bytes, 'application/octet-stream', `max-age=${ttlSeconds}`),
        ),
      ),
  };
}

function stored(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  cacheControl: string,
): Response {
  return new Response(bytes, {
    headers: {
      'content-type': contentType,
      'cache-control': cacheControl,
      'content-length': String(bytes.byteLength),
      'x-byte-size': String(bytes.byteLength),
    },
  });
}

/** Null when less came back than was put. */
async function whole(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  return String(bytes.byteLength) === response.headers.get('x-byte-size') ? bytes : null;
}
