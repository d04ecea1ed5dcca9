import { createHash } from 'node:crypto';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts';
import type { MinioDifference } from './object-store-differences.ts';
import {
  encodeKey,
  sendRaw,
  type RawRequest,
  type RawResponse,
  type S3Access,
} from './object-store-request.ts';

/** An S3 server to be held to the contract; the bucket is there and may be filled. */
export interface S3Target extends S3Access {
  readonly bucket: string;
}

/** A server of the test's own that may be killed. */
export interface KillableS3 {
  readonly target: S3Target;
  /** SIGKILL, to all its processes. */
  kill(): Promise<void>;
  /** On the same port and the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Closed when the suite is over. */
export interface StoreUnderTest {
  readonly target: S3Target;
  close(): Promise<void>;
}

export interface ContractOptions {
  readonly open: () => Promise<StoreUnderTest>;
  /** Null: none that may be killed. */
  readonly openKillable: (() => Promise<KillableS3>) | null;
  /** Named departures of this store. */
  readonly differences: readonly MinioDifference[];
}

type KeyRequest = Omit<RawRequest, 'path'> & { readonly key: string };

/** What the sections of the contract share: one store, one folder of keys. */
export interface Session {
  readonly target: S3Target;
  readonly store: ObjectStore;
  readonly folder: string;
  departs(difference: MinioDifference): boolean;
  ref(key: string): { bucket: string; key: string };
  put(key: string, text: string): Promise<unknown>;
  textOf(key: string): Promise<string | null>;
  /** The path of a key in the folder, encoded. */
  path(key: string): string;
  send(request: KeyRequest): Promise<RawResponse>;
  /** Status and error code. */
  answerTo(request: KeyRequest): Promise<[number, string | null]>;
}

export function openSession(target: S3Target, differences: readonly MinioDifference[]): Session {
  const folder = `contract-${Date.now()}`;
  const store = createS3ObjectStore({ ...target, buckets: [target.bucket] });
  const ref = (key: string) => ({ bucket: target.bucket, key: `${folder}/${key}` });
  const path = (key: string) => `/${target.bucket}/${folder}/${encodeKey(key)}`;
  const send = ({ key, ...request }: KeyRequest) =>
    sendRaw(target, { ...request, path: path(key) });
  return {
    target,
    store,
    folder,
    departs: (difference) => differences.includes(difference),
    ref,
    path,
    send,
    put: (key, text) => store.put(ref(key), bytesOf(text), { contentType: 'text/plain' }),
    textOf: async (key) => {
      const object = await store.get(ref(key));
      return object === null ? null : Buffer.from(object.bytes).toString();
    },
    answerTo: async (request) => {
      const { status, code } = await send(request);
      return [status, code];
    },
  };
}

export const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
export const md5Of = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex');
export const etagOf = (text: string) => `"${md5Of(text)}"`;
