/** What the edge keeps of an image: enough to answer a request without database or store. */
export interface CachedImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/**
 * What one colo keeps: pointers (small JSON, for as long as is said), images (bytes, immutable) and documents
 * (bytes that are a function of what their name says, for as long as is said). A broken or absent
 * cache is a miss, never a failure.
 */
export interface EdgeCache {
  getPointer(name: string): Promise<unknown>;
  putPointer(name: string, value: unknown, ttlSeconds: number): Promise<void>;
  deletePointer(name: string): Promise<void>;
  getImage(contentKey: string): Promise<CachedImage | null>;
  putImage(contentKey: string, image: CachedImage): Promise<void>;
  /** The whole document or null, never a part. */
  getDocument(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  putDocument(name: string, bytes: Uint8Array<ArrayBuffer>, ttlSeconds: number): Promise<void>;
}
