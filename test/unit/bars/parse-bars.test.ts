import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { barsOf, BarsError, parseBars } from '../../../src/bars/parse-bars.ts';

const bar = (over: Record<string, unknown> = {}) => ({
  date: '2020-01-01',
  open: 10,
  high: 12,
  low: 9,
  close: 11,
  volume: 5,
  ...over,
});
const other = bar({ date: '2020-01-02' });

function problemsOf(raw: unknown): string[] {
  try {
    parseBars(raw);
  } catch (error) {
    if (error instanceof BarsError)
      return error.problems.map(({ field, message }) => `${field} ${message}`);
    throw error;
  }
  return [];
}

describe('bars', () => {
  test.each(['date', 'timestamp', 'time', 'datetime', 't'])('time as %s', (name) => {
    const { date, ...rest } = bar();
    expect(parseBars([{ ...rest, [name]: date }, other])[0]?.time).toBe(1_577_836_800_000);
  });

  test('short names, unknown names, any order', () => {
    const raw = [other, { t: 1_577_836_800, o: 10, h: 12, l: 9, c: 11, v: 5, adj_close: 'x' }];
    expect(parseBars(raw)).toEqual([
      { time: 1_577_836_800_000, open: 10, high: 12, low: 9, close: 11, volume: 5 },
      { time: 1_577_923_200_000, open: 10, high: 12, low: 9, close: 11, volume: 5 },
    ]);
  });

  test('-0 is 0', () => {
    const parsed = parseBars([bar({ open: -0, low: -0, close: -0, volume: -0 }), other]);
    expect(Object.is(parsed[0]?.open, 0)).toBe(true);
    expect(Object.is(parsed[0]?.volume, 0)).toBe(true);
  });

  test.each([
    ['absent', { volume: undefined }, null],
    ['null', { volume: null }, null],
    ['-1', { volume: -1 }, null],
    ['v null', { volume: undefined, v: null }, null],
    ['v -1', { volume: undefined, v: -1 }, null],
    ['volume null beside v', { volume: null, v: 7 }, null],
    ['0', { volume: 0 }, 0],
    ['-0', { volume: -0 }, 0],
    ['v', { volume: undefined, v: 7 }, 7],
    ['volume beside v', { volume: 5, v: -9 }, 5],
  ])('volume as %s', (_, over, volume) => {
    const parsed = parseBars([bar(over), other]);
    expect(parsed.map((one) => one.volume)).toEqual([volume, 5]);
  });

  test('the other prices know no such words: null and -1 are a mistake and a price', () => {
    expect(problemsOf([bar({ close: null }), other])).toEqual([
      'bars[0].close must be a finite number',
    ]);
    expect(parseBars([bar({ open: -1, low: -1 }), other])[0]?.open).toBe(-1);
  });

  test.each([
    [[bar({ open: '10' }), other], 'bars[0].open must be a finite number'],
    [[bar({ high: null }), other], 'bars[0].high must be a finite number'],
    [[other, bar({ low: NaN })], 'bars[1].low must be a finite number'],
    [[bar({ close: Infinity }), other], 'bars[0].close must be a finite number'],
    [[bar({ volume: true }), other], 'bars[0].volume must be a finite number'],
    [[bar({ volume: '' }), other], 'bars[0].volume must be a finite number'],
    [[bar({ volume: '-1' }), other], 'bars[0].volume must be a finite number'],
    [[bar({ volume: NaN }), other], 'bars[0].volume must be a finite number'],
    [[bar({ volume: -Infinity }), other], 'bars[0].volume must be a finite number'],
    [[bar({ volume: undefined, v: 'none' }), other], 'bars[0].v must be a finite number'],
    [[bar({ volume: -2 }), other], 'bars[0].volume must not be negative (-1 or null: no volume)'],
    [
      [bar({ volume: -1.0000001 }), other],
      'bars[0].volume must not be negative (-1 or null: no volume)',
    ],
    [
      [bar({ volume: -5e-324 }), other],
      'bars[0].volume must not be negative (-1 or null: no volume)',
    ],
    [
      [bar({ volume: undefined, v: -7 }), other],
      'bars[0].v must not be negative (-1 or null: no volume)',
    ],
    [[bar({ high: 10.5 }), other], 'bars[0].high is below open, close or low'],
    [[bar({ low: 10.5 }), other], 'bars[0].low is above open or close'],
    [[bar({ date: undefined }), other], 'bars[0].date is missing'],
    [
      [bar({ date: '01/03/2017' }), other],
      'bars[0].date must be an ISO 8601 time or epoch seconds or milliseconds',
    ],
    [[other, bar(), other], 'bars[2] has the same time as bars[0]'],
    [[bar(), 7], 'bars[1] must be an object'],
    [[bar(), null], 'bars[1] must be an object'],
    [[bar(), []], 'bars[1] must be an object'],
    [[bar()], 'bars must hold 2 to 5000 bars, not 1'],
    [[], 'bars must hold 2 to 5000 bars, not 0'],
    [{ 0: bar() }, 'bars must be an array of bars'],
    ['[]', 'bars must be an array of bars'],
  ])('refuses %#', (raw, problem) => expect(problemsOf(raw)).toContain(problem));

  test('5,000 bars are read, 5,001 are not', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => bar({ date: i * 60 }));
    expect(parseBars(many(5000)).length).toBe(5000);
    expect(problemsOf(many(5001))).toEqual(['bars must hold 2 to 5000 bars, not 5001']);
  });

  test('lists 20 problems and counts the rest', () => {
    const raw = Array.from({ length: 30 }, (_, i) => bar({ date: i, open: 'x' }));
    try {
      parseBars(raw);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(BarsError);
      const { problems, more, message } = error as BarsError;
      expect([problems.length, more]).toEqual([20, 10]);
      expect(message).toBe(
        'The bars cannot be drawn: bars[0].open must be a finite number (and 29 more)',
      );
    }
  });

  test('never throws anything but BarsError, and what it returns keeps its promises', () => {
    const value = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constant(null),
      fc.string(),
      fc.constant(undefined),
    );
    const row = fc.record(
      { t: value, o: value, h: value, l: value, c: value, v: value },
      { requiredKeys: [] },
    );
    const sane = fc
      .tuple(fc.integer({ min: 0, max: 1e10 }), fc.float({ min: 0, max: 1000, noNaN: true }))
      .map(([t, p]) => ({
        t,
        o: p,
        h: p + 1,
        l: p - 1,
        c: p,
        v: p,
      }));
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: sane }, row), { maxLength: 12 }),
        (raw) => {
          let bars;
          try {
            bars = parseBars(raw);
          } catch (error) {
            expect(error).toBeInstanceOf(BarsError);
            expect((error as BarsError).problems.length).toBeGreaterThan(0);
            return;
          }
          expect(bars.length).toBe(raw.length);
          bars.forEach((current, i) => {
            expect(current.time).toBeGreaterThan(bars[i - 1]?.time ?? -Infinity);
            expect(current.low <= Math.min(current.open, current.close)).toBe(true);
            expect(current.high >= Math.max(current.open, current.close)).toBe(true);
          });
        },
      ),
    );
  });
});

describe('the bars of a snapshot', () => {
  test.each([undefined, null, 'x', 7, [], {}, { bars: null }, { symbol: 'A' }])(
    '%j has none',
    (snapshot) => {
      expect(barsOf(snapshot)).toEqual({ kind: 'absent' });
    },
  );

  test.each([[[]], ['x'], [{}], [[bar()]], [0]])('bars %j are unusable', (bars) => {
    expect(barsOf({ bars })).toMatchObject({ kind: 'unusable', error: { name: 'BarsError' } });
  });

  test('usable bars are handed out', () => {
    expect(barsOf({ bars: [other, bar()] })).toMatchObject({
      kind: 'usable',
      bars: [{ close: 11 }, { close: 11 }],
    });
  });
});
