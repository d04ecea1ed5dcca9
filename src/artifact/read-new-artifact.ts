import { sha256Hex } from '../digest.ts';
import { AppError, invalidInput } from '../errors.ts';
import { readBody } from '../http/read-body.ts';
import { JSON_MAX_BYTES, mediaTypeOf, parseJson, readJson } from '../http/read-json.ts';
import { fieldErrors } from '../http/validation.ts';
import { newArtifactSchema, type NewArtifact } from './artifact.schema.ts';

const IMAGE_MAX_BYTES = 10_000_000;
const UNKNOWN_PARTS_NAMED = 20;
const NAME_MAX_CHARACTERS = 100;
/** Boundaries and part headers. */
const MULTIPART_OVERHEAD_BYTES = 100_000;

export interface NewArtifactRequest {
  readonly input: NewArtifact;
  readonly image: Uint8Array<ArrayBuffer> | null;
  /** Of what was said, not of how: a retry may choose another multipart boundary. */
  readonly sha256: string;
}

/**
 * JSON, or multipart with the parts `artifact` (JSON) and `image` (10 MB). Every bad field is
 * named.
 */
export async function readNewArtifact(request: Request): Promise<NewArtifactRequest> {
  if (mediaTypeOf(request) !== 'multipart/form-data') {
    const body = await readJson(request);
    return {
      input: parseInput(body),
      image: null,
      sha256: await digest(JSON.stringify(body), null),
    };
  }
  const form = await readForm(request);
  const unknown = [...form.keys()]
    .filter((name) => name !== 'artifact' && name !== 'image')
    .slice(0, UNKNOWN_PARTS_NAMED)
    .map((name) => name.slice(0, NAME_MAX_CHARACTERS));
  if (unknown.length > 0)
    throw invalidInput(unknown.map((field) => ({ field, message: 'is not known here' })));
  const artifact = await partBytes(form, 'artifact', JSON_MAX_BYTES);
  if (artifact === null)
    throw invalidInput([{ field: 'artifact', message: 'is missing: the artifact as JSON' }]);
  const body = parseJson(artifact, 'artifact');
  const image = await partBytes(form, 'image', IMAGE_MAX_BYTES);
  return { input: parseInput(body), image, sha256: await digest(JSON.stringify(body), image) };
}

function parseInput(body: unknown): NewArtifact {
  const parsed = newArtifactSchema.safeParse(body);
  if (!parsed.success) throw invalidInput(fieldErrors(parsed.error.issues));
  return parsed.data;
}

async function readForm(request: Request): Promise<FormData> {
  const body = await readBody(request, JSON_MAX_BYTES + IMAGE_MAX_BYTES + MULTIPART_OVERHEAD_BYTES);
  try {
    const contentType = request.headers.get('content-type') ?? '';
    return await new Response(body, { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw new AppError('invalid_request', 'The body is not valid multipart/form-data.', {
      fields: [
        {
          field: 'body',
          message: 'must be multipart/form-data with the parts "artifact" and "image"',
        },
      ],
    });
  }
}

async function partBytes(
  form: FormData,
  name: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const parts: (string | Blob)[] = form.getAll(name);
  const [part] = parts;
  if (part === undefined) return null;
  if (parts.length > 1) throw invalidInput([{ field: name, message: 'may be given once' }]);
  const bytes = new Uint8Array(
    typeof part === 'string' ? new TextEncoder().encode(part) : await part.arrayBuffer(),
  );
  if (bytes.byteLength > maxBytes) {
    throw new AppError(
      'payload_too_large',
      `The part "${name}" is larger than ${maxBytes / 1_000_000} MB.`,
      {
        fields: [{ field: name, message: `must be at most ${maxBytes / 1_000_000} MB` }],
      },
    );
  }
  return bytes;
}

async function digest(json: string, image: Uint8Array<ArrayBuffer> | null): Promise<string> {
  const text = new TextEncoder().encode(`${json}\n`);
  const whole = new Uint8Array(text.byteLength + (image?.byteLength ?? 0));
  whole.set(text);
  if (image !== null) whole.set(image, text.byteLength);
  return sha256Hex(whole);
}
