import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { pngChunk } from '../../../src/png/chunk.ts';
import { provenanceChunk } from '../../../src/png/provenance.ts';
import { pngStructure, type PngStructure } from '../../../src/png/structure.ts';
import { assemble, chunksOf, insertBefore, labelChunk } from '../../support/png-forgery.ts';

const header = Buffer.alloc(13);
header.writeUInt32BE(2, 0);
header.writeUInt32BE(1, 4);
header.set([8, 3, 0, 0, 0], 8);
const label = provenanceChunk({
  snapshot_sha256: 'a'.repeat(64),
  render_key: 'b'.repeat(32),
  pixel_sha256: 'c'.repeat(64),
  symbol: 'AAPL',
  timeframe: 'daily',
  bar_count: 2,
  first_bar: '2018-01-02T00:00:00.000Z',
  last_bar: '2018-12-31T00:00:00.000Z',
  spec: { width: 1920, height: 1400, panels: [{ name: 'price', share: 1 }], spacing: 0.03 },
  renderer: 'chartproof-2',
});
const IHDR = pngChunk('IHDR', header);
const PLTE = pngChunk('PLTE', Buffer.alloc(6));
const IDAT = pngChunk('IDAT', deflateSync(Buffer.alloc(3)));
const IEND = pngChunk('IEND', new Uint8Array(0));
const ours = assemble([IHDR, PLTE, label, IDAT, IEND]);
const chunk = (type: string, data: string | Uint8Array = new Uint8Array(4)) =>
  pngChunk(type, typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
const withForm = (...form: number[]) => {
  const other = Buffer.from(header);
  other.set(form, 8);
  return pngChunk('IHDR', other);
};

function read(png: Uint8Array): PngStructure {
  const structure = pngStructure(png);
  if (typeof structure === 'string') throw new Error(structure);
  return structure;
}

test('exactly our chunks in our order', () => {
  expect(read(ours)).toMatchObject({
    isOurs: true,
    visible: [],
    label: { kind: 'read' },
    end: ours.length,
  });
});

describe('what a viewer may show', () => {
  const stretched = Buffer.alloc(9);
  stretched.writeUInt32BE(1, 0);
  stretched.writeUInt32BE(2, 4);
  test.each<[string, Uint8Array, string]>([
    ...[
      'iCCP',
      'cHRM',
      'gAMA',
      'sRGB',
      'cICP',
      'mDCV',
      'cLLI',
      'sBIT',
      'bKGD',
      'hIST',
      'sPLT',
      'eXIf',
      'acTL',
      'fcTL',
    ].map((type): [string, Uint8Array, string] => [
      type,
      insertBefore(ours, 'IDAT', chunk(type)),
      type,
    ]),
    ['a frame behind the pixels', insertBefore(ours, 'IEND', chunk('fdAT')), 'fdAT'],
    ['an unknown ancillary chunk', insertBefore(ours, 'IDAT', chunk('zzZz')), 'zzZz'],
    ['an unknown critical chunk', insertBefore(ours, 'IDAT', chunk('CgBI')), 'CgBI'],
    ['a second palette', insertBefore(ours, 'IDAT', PLTE), 'PLTE'],
    ['a palette behind the pixels', insertBefore(ours, 'IEND', PLTE), 'PLTE'],
    [
      'pixels that are interrupted',
      insertBefore(ours, 'IEND', chunk('tIME', Buffer.alloc(7)), IDAT),
      'IDAT',
    ],
    ['a compressed text', insertBefore(ours, 'IDAT', chunk('zTXt', 'Comment\0\0x')), 'zTXt'],
    [
      'a compressed text in UTF-8',
      insertBefore(ours, 'IDAT', chunk('iTXt', 'Comment\0\u0001\0\0\0x')),
      'iTXt',
    ],
    ['a time of another length', insertBefore(ours, 'IDAT', chunk('tIME')), 'tIME'],
    [
      'a resolution behind the pixels',
      insertBefore(ours, 'IEND', chunk('pHYs', Buffer.alloc(9, 1))),
      'pHYs',
    ],
    ['a palette beside RGB', assemble([withForm(8, 2, 0, 0, 0), PLTE, IDAT, IEND]), 'PLTE'],
    [
      'a palette behind the pixels of RGB',
      assemble([withForm(8, 2, 0, 0, 0), IDAT, PLTE, IEND]),
      'PLTE',
    ],
    ['a palette of no colours', assemble([IHDR, chunk('PLTE', ''), IDAT, IEND]), 'PLTE'],
    [
      'a palette of 257 colours',
      assemble([IHDR, chunk('PLTE', Buffer.alloc(771)), IDAT, IEND]),
      'PLTE',
    ],
    [
      'a colour of RGB made transparent',
      assemble([withForm(8, 2, 0, 0, 0), chunk('tRNS'), IDAT, IEND]),
      'tRNS',
    ],
    ['a second header', insertBefore(ours, 'PLTE', IHDR), 'IHDR'],
    ['transparency before the palette', insertBefore(ours, 'PLTE', chunk('tRNS')), 'tRNS'],
    ['transparency behind the pixels', insertBefore(ours, 'IEND', chunk('tRNS')), 'tRNS'],
    ['transparency twice', insertBefore(ours, 'IDAT', chunk('tRNS'), chunk('tRNS')), 'tRNS'],
    ['pixels that are not square', insertBefore(ours, 'IDAT', chunk('pHYs', stretched)), 'pHYs'],
    ['pixels of no size', insertBefore(ours, 'IDAT', chunk('pHYs', Buffer.alloc(9))), 'pHYs'],
    [
      'a rotation in XMP',
      insertBefore(ours, 'IDAT', chunk('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0<x/>')),
      'iTXt',
    ],
    [
      'a profile in a text',
      insertBefore(ours, 'IDAT', chunk('zTXt', 'Raw profile type icc\0\0x')),
      'zTXt',
    ],
    ['a text without a keyword', insertBefore(ours, 'IDAT', chunk('tEXt', 'no end')), 'tEXt'],
    ['something behind the end', new Uint8Array(Buffer.concat([ours, Buffer.of(0)])), 'IEND'],
    ['a palette for grey', assemble([withForm(8, 0, 0, 0, 0), PLTE, IDAT, IEND]), 'PLTE'],
    [
      'transparency beside alpha',
      assemble([withForm(8, 6, 0, 0, 0), chunk('tRNS'), IDAT, IEND]),
      'tRNS',
    ],
  ])('%s', (_, png, named) => {
    const { isOurs, visible } = read(png);
    expect(visible.map((finding) => finding.chunk)).toEqual([named]);
    expect(isOurs).toBe(false);
  });
});

describe('what no viewer shows', () => {
  const square = Buffer.alloc(9);
  square.writeUInt32BE(2835, 0);
  square.writeUInt32BE(2835, 4);
  test.each<[string, Uint8Array]>([
    ['a text of another program', insertBefore(ours, 'IDAT', chunk('tEXt', 'parameters\0x'))],
    ['a comment', insertBefore(ours, 'IDAT', chunk('tEXt', 'Comment\0bought'))],
    ['a program', insertBefore(ours, 'IEND', chunk('tEXt', 'Software\0x'))],
    ['a time', insertBefore(ours, 'IDAT', chunk('tIME', Buffer.alloc(7)))],
    ['a resolution', insertBefore(ours, 'IDAT', chunk('pHYs', square))],
    ['full opacity', insertBefore(ours, 'IDAT', chunk('tRNS', Buffer.from([255, 255])))],
    ['two chunks of pixels', insertBefore(ours, 'IEND', chunk('IDAT', ''))],
    ['no label', assemble([IHDR, PLTE, IDAT, IEND])],
    ['the label behind the pixels', assemble([IHDR, PLTE, IDAT, label, IEND])],
    ['RGB', assemble([withForm(8, 2, 0, 0, 0), label, IDAT, IEND])],
    ['interlaced', assemble([withForm(8, 3, 0, 0, 1), PLTE, label, IDAT, IEND])],
  ])('%s', (_, png) => expect(read(png)).toMatchObject({ isOurs: false, visible: [] }));
});

describe('a label', () => {
  test.each<[string, Uint8Array, object | null]>([
    ['none', assemble([IHDR, PLTE, IDAT, IEND]), null],
    ['two', insertBefore(ours, 'IDAT', label), { kind: 'unreadable' }],
    [
      'beside one of another kind',
      insertBefore(ours, 'IDAT', chunk('tEXt', 'chartproof\0{}')),
      { kind: 'unreadable' },
    ],
    [
      'of another kind',
      assemble([IHDR, PLTE, chunk('tEXt', 'chartproof\0\0\0\0\0{}'), IDAT, IEND]),
      { kind: 'unreadable' },
    ],
    [
      'compressed',
      assemble([IHDR, PLTE, chunk('iTXt', 'chartproof\0\u0001\0\0\0x'), IDAT, IEND]),
      { kind: 'unreadable' },
    ],
    ['no JSON', assemble([IHDR, PLTE, labelChunk('{'), IDAT, IEND]), { kind: 'unreadable' }],
    [
      'of no fields',
      assemble([IHDR, PLTE, labelChunk('{}'), IDAT, IEND]),
      { kind: 'read', provenance: null },
    ],
  ])('%s', (_, png, expected) => {
    const { label: found } = read(png);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
  });
});

describe('is not walked to an end that is not there', () => {
  test.each<[string, Uint8Array, string]>([
    ['no header', assemble([PLTE, IDAT, IEND]), 'IHDR is not its first chunk'],
    ['a short header', assemble([chunk('IHDR'), IDAT, IEND]), 'IHDR is not its first chunk'],
    ['no end', assemble([IHDR, PLTE, IDAT]), 'it does not end with IEND'],
    ['an end with data', assemble([IHDR, PLTE, IDAT, chunk('IEND')]), 'it does not end with IEND'],
    [
      'a wrong checksum',
      Uint8Array.from(ours, (byte, i) => (i === 40 ? byte ^ 1 : byte)),
      'checksum',
    ],
    [
      'more chunks than memory is given for',
      assemble([IHDR, PLTE, ...Array.from({ length: 20_001 }, () => chunk('IDAT', '')), IEND]),
      'more than 20000 chunks',
    ],
  ])('%s', (_, png, reason) => expect(pngStructure(png)).toContain(reason));
});

test('chunks are taken apart and put together again', () => {
  expect(assemble(chunksOf(ours).map(({ start, end }) => ours.subarray(start, end)))).toEqual(ours);
});
