import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signRaw, type SentRequest } from './object-store-request.ts';
import { openSession, type KillableS3, type Session } from './object-store-session.ts';

const OLD = new Uint8Array(3_000_000).fill(1);
const NEW = new Uint8Array(5_000_000).fill(2);

interface Moment {
  readonly when: string;
  /** Bytes of the body that have left. */
  readonly bytes: number;
  /** And then a pause. */
  readonly pauseMs: number;
}

const MOMENTS: readonly Moment[] = [
  { when: 'after the headers', bytes: 0, pauseMs: 0 },
  { when: 'in the middle', bytes: 2_500_000, pauseMs: 0 },
  { when: 'a byte before the end', bytes: 4_999_999, pauseMs: 5 },
  ...[0, 5, 15, 40, 100].map((pauseMs) => ({
    when: `${pauseMs} ms after the last byte`,
    bytes: NEW.byteLength,
    pauseMs,
  })),
];

/**
 * A server that is killed in the middle of a PUT has the old object or the new one, never half of
 * one.
 */
export function killContract(open: () => Promise<KillableS3>): void {
  let server: KillableS3;
  let session: Session;
  beforeAll(async () => {
    server = await open();
    session = openSession(server.target, []);
  });
  afterAll(() => server.close());

  it.each(MOMENTS)('keeps the old or the new: $when', async (moment) => {
    const { store, ref } = session;
    const key = `killed ${moment.when}`;
    await store.put(ref(key), OLD, { contentType: 'text/plain' });
    const uploads = [upload(key, moment), upload(`first ${moment.when}`, moment)];
    await Promise.all(uploads.map(({ sent }) => sent));
    await new Promise((resolve) => setTimeout(resolve, moment.pauseMs));
    await server.kill();
    const [replaced, first] = await Promise.all(uploads.map(({ status }) => status));
    await server.restart();
    expect(await which(key)).toBeOneOf(replaced === 200 ? ['new'] : ['old', 'new']);
    expect(await which(`first ${moment.when}`)).toBeOneOf(first === 200 ? ['new'] : [null, 'new']);
    // Nothing of it is in the way.
    await store.put(ref(key), OLD, { contentType: 'text/plain' });
    expect(await which(key)).toBe('old');
  });

  async function which(key: string): Promise<string | null> {
    const object = await session.store.get(session.ref(key));
    if (object === null) return null;
    const bytes = Buffer.from(object.bytes);
    if (bytes.equals(OLD)) return 'old';
    return bytes.equals(NEW) ? 'new' : `${bytes.byteLength} bytes of something else`;
  }

  /** `sent` is done when the bytes have left, `status` when there is an answer or none can come. */
  function upload(
    key: string,
    { bytes }: Moment,
  ): { sent: Promise<void>; status: Promise<number | null> } {
    const { target, path } = session;
    const request: SentRequest = signRaw(target, { method: 'PUT', path: path(key), body: NEW });
    const { hostname, port } = new URL(target.endpoint);
    const call = httpRequest({
      hostname,
      port,
      method: 'PUT',
      path: request.path,
      headers: request.headers,
      agent: false,
    });
    const status = new Promise<number | null>((resolve) => {
      call.on('response', (response) => {
        response.resume();
        response.on('error', () => {});
        resolve(response.statusCode ?? null);
      });
      call.on('error', () => resolve(null));
      call.on('close', () => resolve(null));
    });
    const sent = new Promise<void>((resolve) => {
      call.flushHeaders();
      if (bytes === 0) call.on('socket', (socket) => socket.once('connect', () => resolve()));
      else if (bytes < NEW.byteLength) call.write(NEW.subarray(0, bytes), () => resolve());
      else call.end(NEW, () => resolve());
    });
    return { sent, status };
  }
}
