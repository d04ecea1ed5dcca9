/** Why a body could not be read to its end; `maxBytes` is the cap it was read against. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly reason: 'too_long' | 'cut';
  readonly maxBytes: number;

  constructor(reason: BodyError['reason'], maxBytes: number) {
    super(
      reason === 'too_long' ? `longer than ${sizeInWords(maxBytes)}` : 'broke off in the middle',
    );
    this.reason = reason;
    this.maxBytes = maxBytes;
  }
}

/** `64000 bytes`, `20 MB`. */
function sizeInWords(bytes: number): string {
  return bytes < 1_000_000 ? `${bytes} bytes` : `${Math.floor(bytes / 1_000_000)} MB`;
}

/**
 * Reads a response to its end, counted against `maxBytes` and against Content-Length: a body that
 * was cut on its way must never look like a whole one. `signal` ends a body that trickles. Throws
 * `BodyError`, or what the signal was aborted with.
 */
export async function readCapped(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = response.headers.get('content-length');
  // A coded body has another length than its header says.
  const expected =
    declared === null || response.headers.has('content-encoding') ? null : Number(declared);
  if (expected !== null && expected > maxBytes) {
    await response.body?.cancel();
    throw new BodyError('too_long', maxBytes);
  }
  if (response.body === null) return checkedLength(new Uint8Array(), expected, maxBytes);
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
        throw new BodyError('too_long', maxBytes);
      }
      chunks.push(value);
    }
    return checkedLength(joined(chunks, size), expected, maxBytes);
  } catch (error) {
    if (error instanceof BodyError || signal.aborted) throw error;
    throw new BodyError('cut', maxBytes);
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
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  if (expected !== null && bytes.byteLength !== expected) throw new BodyError('cut', maxBytes);
  return bytes;
}
