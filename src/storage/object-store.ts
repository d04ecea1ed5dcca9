/** Where an object lies. Bucket and key have passed `assertObjectRef` before they reach a store. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

export interface ObjectHead {
  /** As the store sent it, quotes included: `"d41d8cd9…"`. */
  readonly etag: string;
  readonly contentType: string | null;
  readonly byteSize: number;
  readonly lastModified: Date | null;
  /** User metadata, names in lower case without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredObject extends ObjectHead {
  /** The whole body, read to its end and counted against the cap and Content-Length. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * RFC 9110 preconditions of a PUT: only when nothing is there, or only while what is there has this
 * ETag.
 */
export type PutCondition = { readonly ifNoneMatch: '*' } | { readonly ifMatch: string };

export interface PutOptions {
  readonly contentType: string;
  readonly cacheControl?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly condition?: PutCondition;
}

/**
 * `precondition_failed`: 412, or 409 while another conditional write is under way, or 404 for
 * If-Match on a missing key.
 */
export type PutOutcome =
  | { readonly stored: true; readonly etag: string }
  | { readonly stored: false; readonly reason: 'precondition_failed' };

/**
 * An S3 object store. Absence is a value; every failure is an `AppError`: `store_unavailable`
 * (connection, deadline, 5xx, 429), `busy` (this isolate had no time for the answer),
 * `store_answered_wrongly` (anything the protocol does not allow, wrong credentials, a body that is
 * cut or too long).
 */
export interface ObjectStore {
  /** Null on 404. */
  get(ref: ObjectRef): Promise<StoredObject | null>;
  /** Null on 404. */
  head(ref: ObjectRef): Promise<ObjectHead | null>;
  put(ref: ObjectRef, bytes: Uint8Array<ArrayBuffer>, options: PutOptions): Promise<PutOutcome>;
  /** Done too when nothing was there. */
  delete(ref: ObjectRef): Promise<void>;
}
