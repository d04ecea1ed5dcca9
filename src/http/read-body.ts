import { AppError } from '../errors.ts';

/** How much of a body that is too large is read for its caller to hear the answer. */
const DRAINED_BYTES = 32_000_000;

/**
 * Reads a request body to its end and counts it against `maxBytes` on the way, so that a false
 * Content-Length cannot make us hold more. Throws `payload_too_large`.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size <= maxBytes) chunks.push(chunk);
    // Read on without keeping it: an answer in the middle of an upload reaches most clients as a
    // broken connection.
    else if (size > maxBytes + DRAINED_BYTES) break;
  }
  if (size > maxBytes) throw tooLarge(maxBytes);
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function tooLarge(maxBytes: number): AppError {
  return new AppError(
    'payload_too_large',
    `The body is larger than ${Math.floor(maxBytes / 1_000_000)} MB.`,
  );
}
