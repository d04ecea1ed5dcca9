/** What the edge keeps of an image: enough to answer a request without database or store. */
export interface CachedImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/**
 * The two edge tiers of the image path, in one colo: pointers (small JSON, seconds) and contents (bytes, immutable).
 * A broken or absent cache is a miss, never a failure.
 */
export interface EdgeCache {
  getPointer(name: string): Promise<unknown>;
  putPointer(name: string, value: unknown, ttlSeconds: number): Promise<void>;
  deletePointer(name: string): Promise<void>;
  getImage(contentKey: string): Promise<CachedImage | null>;
  putImage(contentKey: string, image: CachedImage): Promise<void>;
}
