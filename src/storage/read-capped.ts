import { AppError } from '../errors.ts';

/**
 * Reads a response to its end, counted against `maxBytes` and against Content-Length: a body that was cut on its way must
 * never look like an object. `signal` ends a body that trickles; `what` names the call in messages. Throws `store_answered_wrongly` (cause `cut` when a
 * repetition may help).
 */
export async function readCapped(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = response.headers.get('content-length');
  // A coded body has another length than its header says; S3 objects come as they are.
  const expected = declared === null || response.headers.has('content-encoding') ? null : Number(declared);
  if (expected !== null && expected > maxBytes) {
    await response.body?.cancel();
    throw tooLong(maxBytes, what);
  }
  if (response.body === null) return checkedLength(new Uint8Array(), expected, what);
  const reader = response.body.getReader();
  const onAbort = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) {
        await reader.cancel();
        throw tooLong(maxBytes, what);
      }
      chunks.push(value);
    }
    return checkedLength(joined(chunks, size), expected, what);
  } catch (error) {
    if (error instanceof AppError || signal.aborted) throw error;
    throw cut(what);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function checkedLength(
  bytes: Uint8Array<ArrayBuffer>,
  expected: number | null,
  what: string,
): Uint8Array<ArrayBuffer> {
  if (expected !== null && bytes.byteLength !== expected) throw cut(what);
  return bytes;
}

function tooLong(maxBytes: number, what: string): AppError {
  const limit = maxBytes < 1_000_000 ? `${maxBytes} bytes` : `${Math.floor(maxBytes / 1_000_000)} MB`;
  return new AppError('store_answered_wrongly', `The object is larger than ${limit} (${what}).`);
}

function cut(what: string): AppError {
  return new AppError(
    'store_answered_wrongly',
    `The object store broke off in the middle of an object (${what}).`,
    {
      cause: 'cut',
    },
  );
}
