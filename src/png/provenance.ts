import canonicalize from 'canonicalize';
import type { FieldError } from '../errors.ts';
import { hasPngSignature, pngChunk, walkPng } from './chunk.ts';

/**
 * What a chart says about itself, on the wire in snake_case. A claim: whoever can write a PNG can
 * write this into it.
 */
export interface Provenance {
  readonly snapshot_sha256: string;
  readonly render_key: string;
  readonly pixel_sha256: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly bar_count: number;
  /** ISO 8601, UTC. */
  readonly first_bar: string;
  /** ISO 8601, UTC. */
  readonly last_bar: string;
  /** Plain JSON: what decided the picture besides its bars. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly renderer: string;
}

/**
 * What the text of a label says. `unreadable`: it is no JSON object. `problems`: fields that no
 * label of ours has so.
 */
export type Label =
  | { readonly kind: 'unreadable'; readonly reason: string }
  | {
      readonly kind: 'read';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly problems: readonly FieldError[];
      /** Null when a field is missing or not what it must be. */
      readonly provenance: Provenance | null;
    };

/** The keyword of our text chunk. */
export const LABEL_KEYWORD = 'chartproof';
/**
 * iTXt (PNG specification, 11.3.3.4): keyword, 0, not compressed, method 0, no language, no
 * translated keyword.
 */
const PREFIX = new TextEncoder().encode(`${LABEL_KEYWORD}\0\0\0\0\0`);
const MAX_TEXT_BYTES = 16_384;
const MAX_NAME_CHARACTERS = 300;
const MAX_LISTED_PROBLEMS = 20;
const MAX_LEVELS = 16;
const HEX_64 = 'must be 64 lower-case hex digits';
const NAME = `must be a text of at most ${MAX_NAME_CHARACTERS} characters`;

/** Field -> what it must be, and how that is told. */
const FIELDS: Readonly<Record<keyof Provenance, readonly [(value: unknown) => boolean, string]>> = {
  snapshot_sha256: [(value) => isHex(value, 64), HEX_64],
  render_key: [(value) => isHex(value, 32), 'must be 32 lower-case hex digits'],
  pixel_sha256: [(value) => isHex(value, 64), HEX_64],
  symbol: [isName, NAME],
  timeframe: [isName, NAME],
  bar_count: [
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'must be a whole number',
  ],
  first_bar: [isName, NAME],
  last_bar: [isName, NAME],
  spec: [isRecord, 'must be an object'],
  renderer: [isName, NAME],
};

/** The fields of a label, in the order of its documentation. */
export const LABEL_FIELDS = Object.keys(FIELDS) as readonly (keyof Provenance)[];

/**
 * The iTXt chunk `chartproof`, its JSON as RFC 8785 writes it; it belongs between IHDR and IDAT.
 */
export function provenanceChunk(provenance: Provenance): Uint8Array {
  const json = new TextEncoder().encode(canonicalize(provenance));
  const data = new Uint8Array(PREFIX.length + json.length);
  data.set(PREFIX);
  data.set(json, PREFIX.length);
  return pngChunk('iTXt', data);
}

/**
 * The provenance a PNG claims; null when it has none, a damaged or oversized one, two of them, or
 * one of other types.
 */
export function readProvenance(png: Uint8Array): Provenance | null {
  if (!hasPngSignature(png)) return null;
  const found: Uint8Array[] = [];
  for (const chunk of walkPng(png)) {
    if (typeof chunk === 'string') return null;
    if (chunk.type === 'iTXt' && isLabel(chunk.data)) found.push(chunk.data);
  }
  return found.length === 1 && found[0] !== undefined ? parseProvenanceText(found[0]) : null;
}

/** Whether the data of an iTXt chunk carries our keyword in our form. */
function isLabel(data: Uint8Array): boolean {
  return data.length >= PREFIX.length && PREFIX.every((byte, i) => data[i] === byte);
}

/** Reads the data of our iTXt chunk; null when a field is missing or not what we write. */
function parseProvenanceText(data: Uint8Array): Provenance | null {
  const label = readLabel(data);
  return label.kind === 'read' ? label.provenance : null;
}

/**
 * Reads the data of a label chunk and names everything in it that was not written here. Never
 * throws.
 */
export function readLabel(data: Uint8Array): Label {
  if (!isLabel(data))
    return { kind: 'unreadable', reason: 'the label is not written in the form of ours' };
  if (data.length > PREFIX.length + MAX_TEXT_BYTES) {
    return { kind: 'unreadable', reason: `the label is longer than ${MAX_TEXT_BYTES} bytes` };
  }
  let text: string;
  let raw: unknown;
  try {
    const bytes = data.subarray(PREFIX.length);
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    raw = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', reason: 'the label is not JSON' };
  }
  if (!isRecord(raw)) return { kind: 'unreadable', reason: 'the label is not a JSON object' };
  if (isDeeperThan(raw, MAX_LEVELS)) {
    return {
      kind: 'unreadable',
      reason: `the label is nested more than ${MAX_LEVELS} levels deep`,
    };
  }
  const problems: FieldError[] = LABEL_FIELDS.flatMap((field) => {
    const [isValid, message] = FIELDS[field];
    if (!Object.hasOwn(raw, field)) return [{ field, message: 'is missing' }];
    return isValid(raw[field]) ? [] : [{ field, message }];
  });
  const isWhole = problems.length === 0;
  for (const field of Object.keys(raw)) {
    if (!Object.hasOwn(FIELDS, field)) problems.push({ field, message: 'is not part of a label' });
  }
  // Two members of one name, white space, another order: two readers could take two things from
  // such a text.
  if (problems.length === 0 && canonicalText(raw) !== text) {
    problems.push({ field: 'label', message: 'is not the RFC 8785 text of its fields' });
  }
  const listed = problems.slice(0, MAX_LISTED_PROBLEMS);
  return {
    kind: 'read',
    fields: raw,
    problems: listed,
    provenance: isWhole ? asProvenance(raw) : null,
  };
}

/** Level by level, because recursion is what such a value wants to break. */
function isDeeperThan(value: object, levels: number): boolean {
  let layer: object[] = [value];
  for (let level = 0; layer.length > 0; level++) {
    if (level === levels) return true;
    layer = layer.flatMap((one) =>
      Object.values(one).filter((item) => typeof item === 'object' && item !== null),
    );
  }
  return false;
}

/** RFC 8785 text; null for what has none: half a surrogate pair, or nesting without end. */
export function canonicalText(value: unknown): string | null {
  try {
    return canonicalize(value) ?? null;
  } catch {
    return null;
  }
}

function asProvenance(raw: Record<string, unknown>): Provenance {
  return Object.fromEntries(
    LABEL_FIELDS.map((field) => [field, raw[field]]),
  ) as unknown as Provenance;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/.test(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME_CHARACTERS;
}
