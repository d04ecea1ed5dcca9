import { XMLParser } from 'fast-xml-parser';

const parser = new XMLParser({ ignoreAttributes: true, processEntities: false });

/** The `<Code>` of an S3 error document (`NoSuchKey`), or null when the body is something else. */
export function s3ErrorCode(body: Uint8Array): string | null {
  if (body.byteLength === 0) return null;
  try {
    const document: unknown = parser.parse(new TextDecoder().decode(body));
    const error = member(document, 'Error');
    const code = member(error, 'Code');
    return typeof code === 'string' && /^[A-Za-z]{1,64}$/.test(code) ? code : null;
  } catch {
    return null;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
