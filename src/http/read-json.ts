import { AppError } from '../errors.ts';
import { readBody } from './read-body.ts';

/** JSON bodies; 5,000 bars are about 0.6 MB. */
export const JSON_MAX_BYTES = 4_000_000;

/** The media type of a request, in lower case and without parameters. */
export function mediaTypeOf(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Throws `unsupported_media_type`, `payload_too_large` or `invalid_request`. */
export async function readJson(request: Request): Promise<unknown> {
  if (mediaTypeOf(request) !== 'application/json') {
    throw new AppError('unsupported_media_type', 'Send JSON, with Content-Type: application/json.');
  }
  return parseJson(await readBody(request, JSON_MAX_BYTES), 'body');
}

/** UTF-8 JSON text to its value; what is not UTF-8 or not JSON is the caller's mistake. */
export function parseJson(bytes: Uint8Array, field: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'not UTF-8';
    throw new AppError('invalid_request', `The ${field} is not valid JSON: ${why}`, {
      fields: [{ field, message: 'must be valid JSON' }],
    });
  }
}
