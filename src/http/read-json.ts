import { AppError, invalidInput } from '../errors.ts';
import { readBody } from './read-body.ts';
import { scanJson } from './scan-json.ts';

/** JSON bodies; 5,000 bars are about 1.1 MB. */
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

/**
 * UTF-8 JSON text to its value; what is not UTF-8 or not JSON is the caller's mistake (400), and so
 * is JSON that would not be stored as it was sent, is nested too deeply or has a field that is too
 * large (422, naming it).
 */
export function parseJson(bytes: Uint8Array, field: string): unknown {
  const text = decoded(bytes, field);
  const { problems, isWhole } = scanJson(text);
  if (!isWhole) throw invalidInput(problems);
  const value = parsed(text, field);
  if (problems.length > 0) throw invalidInput(problems);
  return value;
}

function decoded(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw noJson(field, 'not UTF-8');
  }
}

function parsed(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw noJson(field, error instanceof SyntaxError ? error.message : 'it cannot be read');
  }
}

function noJson(field: string, why: string): AppError {
  return new AppError('invalid_request', `The ${field} is not valid JSON: ${why}`, {
    fields: [{ field, message: 'must be valid JSON' }],
  });
}
