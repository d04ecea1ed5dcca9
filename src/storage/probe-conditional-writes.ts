import { failure } from '../errors.ts';
import type { ObjectStore } from './object-store.ts';

/** Only our own probes lie here, each under a name of its own. */
const PREFIX = '.chartproof/probe';

/**
 * Tries whether the store honours `If-None-Match: *` and `If-Match` on PUT; without them, two
 * writers of one picture overwrite each other. Writes one small object and removes it. Never
 * throws.
 */
export async function probeConditionalWrites(
  store: ObjectStore,
  bucket: string,
): Promise<{ honoured: boolean; detail: string }> {
  const ref = { bucket, key: `${PREFIX}/${crypto.randomUUID()}` };
  const put = (text: string, condition: { ifNoneMatch: '*' } | { ifMatch: string }) =>
    store.put(ref, new Uint8Array(Buffer.from(text)), { contentType: 'text/plain', condition });
  try {
    const first = await put('first', { ifNoneMatch: '*' });
    if (!first.stored)
      return { honoured: false, detail: 'If-None-Match: * refused a write where nothing was' };
    const second = await put('second', { ifNoneMatch: '*' });
    if (second.stored) return { honoured: false, detail: 'If-None-Match: * is ignored' };
    const wrong = await put('third', { ifMatch: '"00000000000000000000000000000000"' });
    if (wrong.stored) return { honoured: false, detail: 'If-Match is ignored' };
    const right = await put('fourth', { ifMatch: first.etag });
    if (!right.stored) return { honoured: false, detail: 'If-Match refused the current ETag' };
    return { honoured: true, detail: 'If-None-Match and If-Match are honoured' };
  } catch (error) {
    return { honoured: false, detail: failure(error).message };
  } finally {
    await store.delete(ref).catch(() => {});
  }
}
