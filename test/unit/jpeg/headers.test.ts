import { describe, expect, test } from 'vitest';
import { JpegBits, jpegCodes } from '../../../src/jpeg/bits.ts';
import {
  readFrame,
  readScanHeader,
  readTables,
  sizeOf,
  type Tables,
} from '../../../src/jpeg/headers.ts';
import { Damage, segmentAt } from '../../../src/jpeg/segments.ts';

const COUNTS = [0, 2, 1, ...Array.from({ length: 13 }, () => 0)];
/** Codes 00 and 01 and 100. */
const CODES = jpegCodes(Uint8Array.from(COUNTS), Uint8Array.of(5, 6, 7));

describe('bits', () => {
  test('a code is found by what it begins with; a stuffed zero is no data', () => {
    const bits = new JpegBits(Uint8Array.of(0b0001_1000, 0xff, 0x00, 0xff, 0xd9), 0);
    const symbols = Array.from({ length: 3 }, () => (CODES === null ? -1 : bits.symbol(CODES)));
    expect(symbols).toEqual([5, 6, 7]);
    expect([bits.take(1), bits.take(8), bits.damage]).toEqual([0, 0xff, null]);
    expect([bits.take(1), bits.damage, bits.position]).toEqual([0, 'short', 3]);
  });

  test('what begins no code is noticed', () => {
    const bits = new JpegBits(Uint8Array.of(0b1111_0000, 1, 2, 3), 0);
    if (CODES !== null) bits.symbol(CODES);
    expect(bits.damage).toBe('no code');
  });

  test('more codes than bits allow are no table', () => {
    expect(
      jpegCodes(Uint8Array.of(3, ...Array.from({ length: 15 }, () => 0)), Uint8Array.of(1, 2, 3)),
    ).toBeNull();
  });
});

describe('segments', () => {
  test.each([
    [[0xff, 0xc4, 0, 4, 1, 2], 0xc4, [1, 2], 6],
    [[9, 9, 0xff, 0x00, 0xff, 0xff, 0xdd, 0, 2], 0xdd, [], 9],
    [[0xff, 0xd9, 1], 0xd9, [], 2],
  ])('%j', (bytes, marker, data, end) => {
    expect(segmentAt(Uint8Array.from(bytes), 0)).toEqual({
      marker,
      data: Uint8Array.from(data),
      end,
    });
  });

  test.each([
    [[0xff, 0xc4, 0, 5, 1, 2], 'it is cut off'],
    [[0xff, 0xc4, 0, 1], 'it is cut off'],
    [[1, 2, 3], 'it does not end with EOI'],
    [[1, 0xff], 'it does not end with EOI'],
  ])('%j', (bytes, reason) => {
    expect(() => segmentAt(Uint8Array.from(bytes), 0)).toThrow(new Damage(reason));
  });
});

/** 23 x 19 pixels in three components, the first sampled twice as often each way. */
const FRAME = [8, 0, 19, 0, 23, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
const frameOf = (data: readonly number[], progressive = false) =>
  readFrame(Uint8Array.from(data), progressive);
const changed = (at: number, value: number) => FRAME.map((byte, i) => (i === at ? value : byte));

describe('a frame', () => {
  test('has its blocks per component, padded to whole units', () => {
    expect(sizeOf(Uint8Array.from(FRAME))).toEqual({ width: 23, height: 19 });
    expect(frameOf(FRAME)).toMatchObject({
      unitsAcross: 2,
      unitsDown: 2,
      components: [
        { id: 1, across: 2, down: 2, columns: 3, rows: 3, paddedColumns: 4, nonzero: null },
        { id: 2, across: 1, down: 1, columns: 2, rows: 2, paddedColumns: 2, nonzero: null },
        { id: 3, across: 1, down: 1, columns: 2, rows: 2, paddedColumns: 2, nonzero: null },
      ],
    });
  });

  test('keeps a bit for each coefficient when it is progressive', () => {
    const sizes = frameOf(FRAME, true).components.map(({ nonzero }) => nonzero?.length);
    expect(sizes).toEqual([4 * 4 * 8, 2 * 2 * 8, 2 * 2 * 8]);
  });

  test.each([
    [changed(0, 12), 'it has samples of more than 8 bits'],
    [changed(2, 0), 'its frame header is not valid'],
    [changed(4, 0), 'its frame header is not valid'],
    [changed(5, 5), 'its frame header is not valid'],
    [changed(7, 0x52), 'its frame header is not valid'],
    [changed(7, 0x20), 'its frame header is not valid'],
    [FRAME.slice(0, -1), 'its frame header is not valid'],
  ])('%#', (data, reason) => {
    expect(() => frameOf(data)).toThrow(new Damage(reason));
  });
});

describe('a scan', () => {
  const tables: Tables = { dc: new Map(), ac: new Map() };
  readTables(Uint8Array.of(0x00, ...COUNTS, 5, 6, 7, 0x11, ...COUNTS, 5, 6, 7), tables);
  const scan = (header: readonly number[], progressive = false) =>
    readScanHeader(Uint8Array.from(header), frameOf(FRAME, progressive), tables);

  test('tables are kept by kind and number', () => {
    expect([[...tables.dc.keys()], [...tables.ac.keys()]]).toEqual([[0], [1]]);
    for (const data of [
      [0, ...COUNTS, 5, 6],
      [0, 1, 2],
      [0, 3, ...COUNTS.slice(1), 1, 2, 3],
    ])
      expect(() => readTables(Uint8Array.from(data), tables)).toThrow(
        new Damage('one of its Huffman tables is not valid'),
      );
  });

  test('names its components and what it holds of them', () => {
    const { chosen, range } = scan([1, 2, 0x01, 0, 63, 0]);
    expect(range).toBeNull();
    expect(chosen.map(({ component }) => [component.id, component.isSeen])).toEqual([[2, true]]);
    expect(scan([1, 2, 0x01, 1, 5, 0x10], true).range).toEqual({ first: 1, last: 5, high: 1 });
  });

  test.each([
    [[0, 0, 63, 0], false, 'its scan header is not valid'],
    [[1, 2, 0x01, 0, 63], false, 'its scan header is not valid'],
    [[1, 2, 0x01, 6, 5, 0], true, 'its scan header is not valid'],
    [[1, 2, 0x01, 1, 64, 0], true, 'its scan header is not valid'],
    [[2, 1, 0x01, 2, 0x01, 1, 5, 0], true, 'its scan header is not valid'],
    [[1, 9, 0x01, 0, 63, 0], false, 'its scan names a colour that it does not have'],
    [[1, 2, 0x11, 0, 63, 0], false, 'its scan names a Huffman table that it does not have'],
    [[1, 2, 0x00, 1, 5, 0], true, 'its scan names a Huffman table that it does not have'],
  ])('%j', (header, progressive, reason) => {
    expect(() => scan(header, progressive)).toThrow(new Damage(reason));
  });
});
