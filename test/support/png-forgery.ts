import { inflateSync, deflateSync } from 'node:zlib';
import canonicalize from 'canonicalize';
import { PNG_SIGNATURE, pngChunk, walkPng, type PngChunk } from '../../src/png/chunk.ts';

/** What an adversary does to a PNG of ours, byte by byte and with right checksums. */

export function chunksOf(png: Uint8Array): PngChunk[] {
  return [...walkPng(png)].filter((chunk) => typeof chunk !== 'string');
}

export function assemble(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([PNG_SIGNATURE, ...parts]));
}

const whole = (png: Uint8Array, { start, end }: PngChunk) => png.subarray(start, end);

/** The same PNG with `added` in front of its first chunk of this type. */
export function insertBefore(
  png: Uint8Array,
  type: string,
  ...added: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const chunks = chunksOf(png);
  const at = chunks.findIndex((chunk) => chunk.type === type);
  const parts = chunks.map((chunk) => whole(png, chunk));
  return assemble([...parts.slice(0, at), ...added, ...parts.slice(at)]);
}

/** The same PNG with the data of its first chunk of this type changed. */
export function rewrite(
  png: Uint8Array,
  type: string,
  change: (data: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  let isDone = false;
  return assemble(
    chunksOf(png).map((chunk) => {
      if (chunk.type !== type || isDone) return whole(png, chunk);
      isDone = true;
      return pngChunk(type, change(chunk.data));
    }),
  );
}

const PREFIX = Buffer.from('chartproof\0\0\0\0\0', 'latin1');

/** The JSON of its label. */
export function labelOf(png: Uint8Array): Record<string, unknown> {
  const chunk = chunksOf(png).find(({ type }) => type === 'iTXt');
  if (chunk === undefined) throw new Error('the PNG has no label');
  return JSON.parse(Buffer.from(chunk.data.subarray(PREFIX.length)).toString('utf8'));
}

export const labelChunk = (text: string) =>
  pngChunk('iTXt', Buffer.concat([PREFIX, Buffer.from(text)]));

/** The same PNG with another label, written as ours are. */
export function relabel(
  png: Uint8Array,
  fields: Readonly<Record<string, unknown>>,
): Uint8Array<ArrayBuffer> {
  return withLabelText(png, canonicalize({ ...labelOf(png), ...fields }) ?? '');
}

export function withLabelText(png: Uint8Array, text: string): Uint8Array<ArrayBuffer> {
  return rewrite(png, 'iTXt', () => Buffer.concat([PREFIX, Buffer.from(text)]));
}

/**
 * Changes the index rows of a palette PNG of ours: `paint(rows, stride)`; each row begins with its
 * filter byte.
 */
export function repaint(
  png: Uint8Array,
  paint: (rows: Buffer, stride: number) => void,
): Uint8Array<ArrayBuffer> {
  const header = chunksOf(png)[0];
  const width = Buffer.from(header?.data ?? []).readUInt32BE(0);
  return rewrite(png, 'IDAT', (data) => {
    const rows = inflateSync(data);
    paint(rows, width + 1);
    return deflateSync(rows);
  });
}
