import { checksumHeaders } from './checksum.ts';
import { S3Error } from './error.ts';

type Headers = Readonly<Record<string, string>>;

const METADATA_PREFIX = 'x-amz-meta-';
const MAX_METADATA_BYTES = 2_048;
const MAX_HEADER_BYTES = 8_192;
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];
/** RFC 2047 section 2: 75 characters in all. */
const MAX_ENCODED_TEXT = 75 - '=?UTF-8?q??='.length;

/** Names and values count together, as on S3. Throws `MetadataTooLarge`. */
export function assertHeaderSizes(headers: Headers): void {
  let all = 0;
  let metadata = 0;
  for (const [name, value] of Object.entries(headers)) {
    all += name.length + value.length;
    if (name.startsWith(METADATA_PREFIX)) metadata += name.length + value.length;
  }
  if (metadata > MAX_METADATA_BYTES || all > MAX_HEADER_BYTES) {
    throw new S3Error(
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size.',
    );
  }
}

/** The headers of an upload that are kept with the object. */
export function keptHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = { ...checksumHeaders(headers) };
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(METADATA_PREFIX)) kept[name] = encodeWords(value);
    else if (KEPT.includes(name)) kept[name] = value;
  }
  // It says how the upload was cut, not what the object is.
  const encoding = (kept['content-encoding'] ?? '')
    .split(',')
    .filter((item) => item.trim() !== 'aws-chunked');
  if (encoding.join('') === '') delete kept['content-encoding'];
  else kept['content-encoding'] = encoding.join(',');
  return kept;
}

/** `response-content-type=…` and its like: what a reader wants the headers to be. */
export function overriddenHeaders(query: URLSearchParams): Record<string, string> {
  const overridden: Record<string, string> = {};
  for (const name of ['content-type', ...KEPT]) {
    const value = query.get(`response-${name}`);
    if (value !== null) overridden[name] = value;
  }
  return overridden;
}

/**
 * A value with bytes beyond ASCII comes back as encoded words (RFC 2047, Q), as S3 does it. `value`
 * is latin-1, one character a byte, as Node hands it over.
 */
function encodeWords(value: string): string {
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  const words = [''];
  // What belongs to one UTF-8 sequence stays in one word.
  for (const [bytes] of value.matchAll(/[\xc0-\xff][\x80-\xbf]*|[^]/g)) {
    const text = [...bytes].map(encodeByte).join('');
    const last = words.at(-1) ?? '';
    if (last.length + text.length > MAX_ENCODED_TEXT) words.push(text);
    else words[words.length - 1] = last + text;
  }
  return words.map((word) => `=?UTF-8?q?${word}?=`).join(' ');
}

function encodeByte(byte: string): string {
  if (byte === ' ') return '_';
  if (/^[!-~]$/.test(byte) && !'=?_'.includes(byte)) return byte;
  return `=${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
