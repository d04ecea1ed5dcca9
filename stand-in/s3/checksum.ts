import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './error.ts';
import { UNSIGNED_PAYLOAD } from './signature.ts';

type Headers = Readonly<Record<string, string>>;

const PREFIX = 'x-amz-checksum-';
/** Name -> bytes of the checksum. */
const CHECKSUMS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  crc32: (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes;
  },
  sha1: (body) => createHash('sha1').update(body).digest(),
  sha256: (body) => createHash('sha256').update(body).digest(),
};
const NOT_COMPUTED = ['crc32c', 'crc64nvme'];

/** Of any request, with or without a body. Throws `S3Error`. */
export function assertPayloadHash(payloadHash: string): void {
  if (payloadHash.startsWith('STREAMING-'))
    throw new S3Error(
      'NotImplemented',
      'Chunked signatures are not supported; sign the whole body.',
    );
  if (payloadHash !== UNSIGNED_PAYLOAD && !/^[0-9a-f]{64}$/i.test(payloadHash)) throw notThatHash();
}

/**
 * Holds a body to the hash that was signed and to the digests that came with it. Throws `S3Error`.
 */
export function assertDigests(body: Buffer, headers: Headers, payloadHash: string): void {
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (payloadHash !== UNSIGNED_PAYLOAD && payloadHash.toLowerCase() !== sha256) throw notThatHash();
  const md5 = headers['content-md5'];
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').byteLength !== 16)
      throw new S3Error('InvalidDigest', 'The Content-Md5 you specified is not valid.');
    if (createHash('md5').update(body).digest('base64') !== md5)
      throw new S3Error(
        'BadDigest',
        'The Content-Md5 you specified did not match what we received.',
      );
  }
  const [checksum] = Object.entries(checksumHeaders(headers));
  if (checksum === undefined) return;
  const [name, given] = checksum;
  const computed = CHECKSUMS[name.slice(PREFIX.length)]?.(body);
  if (computed === undefined || Buffer.from(given, 'base64').byteLength !== computed.byteLength)
    throw new S3Error('InvalidArgument', 'Invalid checksum provided.');
  if (computed.toString('base64') !== given) {
    throw new S3Error(
      'XAmzContentChecksumMismatch',
      'The provided checksum does not match what was computed.',
    );
  }
}

/** The checksum that came with an upload, as it is shown again; none or one. */
export function checksumHeaders(headers: Headers): Record<string, string> {
  const unknown = NOT_COMPUTED.find((name) => headers[`${PREFIX}${name}`] !== undefined);
  if (unknown !== undefined)
    throw new S3Error(
      'NotImplemented',
      `Checksums of the kind ${unknown} are not implemented here.`,
    );
  const found = Object.keys(CHECKSUMS).flatMap((name) => {
    const value = headers[`${PREFIX}${name}`];
    return value === undefined ? [] : [[`${PREFIX}${name}`, value] as const];
  });
  if (found.length > 1) throw new S3Error('InvalidArgument', 'Only one checksum may be given.');
  return Object.fromEntries(found);
}

/** With the line that says it is the checksum of the whole object. */
export function shownChecksum(kept: Headers): Record<string, string> {
  const shown = Object.entries(kept).filter(([name]) => name.startsWith(PREFIX));
  return shown.length === 0
    ? {}
    : { ...Object.fromEntries(shown), [`${PREFIX}type`]: 'FULL_OBJECT' };
}

function notThatHash(): S3Error {
  return new S3Error(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  );
}
