import type { ChartSpec } from './chart-spec.ts';
import { hasPngSignature, pngChunk, walkPng } from './png-chunk.ts';

/** What a chart says about itself, on the wire in snake_case. A claim: whoever can write a PNG can write this into it. */
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
  readonly spec: ChartSpec | Readonly<Record<string, unknown>>;
  readonly renderer: string;
}

const KEYWORD = 'chartproof';
/** iTXt (PNG specification, 11.3.3.4): keyword, 0, not compressed, method 0, no language, no translated keyword. */
const PREFIX = new TextEncoder().encode(`${KEYWORD}\0\0\0\0\0`);
const MAX_TEXT_BYTES = 16_384;
const MAX_NAME_CHARACTERS = 300;

/** The iTXt chunk `chartproof`; it belongs between IHDR and IDAT. */
export function provenanceChunk(provenance: Provenance): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(provenance));
  const data = new Uint8Array(PREFIX.length + json.length);
  data.set(PREFIX);
  data.set(json, PREFIX.length);
  return pngChunk('iTXt', data);
}

/** The provenance a PNG claims; null when it has none, a damaged or oversized one, two of them, or one of other types. */
export function readProvenance(png: Uint8Array): Provenance | null {
  if (!hasPngSignature(png)) return null;
  const found: Uint8Array[] = [];
  for (const chunk of walkPng(png)) {
    if (typeof chunk === 'string') return null;
    if (chunk.type === 'iTXt' && isOurs(chunk.data)) found.push(chunk.data);
  }
  return found.length === 1 && found[0] !== undefined ? parseProvenanceText(found[0]) : null;
}

/** Whether the data of an iTXt chunk carries our keyword. */
export function isOurs(data: Uint8Array): boolean {
  return data.length >= PREFIX.length && PREFIX.every((byte, i) => data[i] === byte);
}

/** Reads the data of our iTXt chunk; null when it is not what we write. */
export function parseProvenanceText(data: Uint8Array): Provenance | null {
  if (data.length > PREFIX.length + MAX_TEXT_BYTES) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      data.subarray(PREFIX.length),
    );
    return validate(JSON.parse(text));
  } catch {
    return null;
  }
}

function validate(raw: unknown): Provenance | null {
  if (!isRecord(raw)) return null;
  const { snapshot_sha256, render_key, pixel_sha256, symbol, timeframe, bar_count, first_bar, last_bar } =
    raw;
  const { spec, renderer } = raw;
  if (!isHex(snapshot_sha256, 64) || !isHex(render_key, 32) || !isHex(pixel_sha256, 64)) return null;
  if (!isName(symbol) || !isName(timeframe) || !isName(renderer)) return null;
  if (!isName(first_bar) || !isName(last_bar) || !isRecord(spec)) return null;
  if (typeof bar_count !== 'number' || !Number.isInteger(bar_count) || bar_count < 0) return null;
  const names = { symbol, timeframe, bar_count, first_bar, last_bar };
  return { snapshot_sha256, render_key, pixel_sha256, ...names, spec, renderer };
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
