import { describe, expect, test } from 'vitest';
import type { Bar } from '../../../../src/bars/bar.ts';
import { barLabel, isIntraday, timeTicks } from '../../../../src/chart/scale/time-axis.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2018, 11, 28, 22);

function barsAt(times: readonly number[]): Bar[] {
  return times.map((time) => ({ time, open: 1, high: 1, low: 1, close: 1, volume: null }));
}
function every(step: number, count: number, start = START): Bar[] {
  return barsAt(Array.from({ length: count }, (_, i) => start + i * step));
}
/** Bars stand 10 px apart; a label takes `width` px and wants 5 px to the next. */
function labels(bars: readonly Bar[], width: number): string[] {
  return timeTicks(
    bars,
    (i) => i * 10,
    () => width,
    5,
  ).map(({ label }) => label);
}

test('intraday is what has another time of day than the first bar', () => {
  expect(isIntraday(every(DAY_MS, 5))).toBe(false);
  expect(isIntraday(every(7 * DAY_MS, 5))).toBe(false);
  expect(isIntraday(every(6 * HOUR_MS, 2))).toBe(true);
  expect(isIntraday([])).toBe(false);
});

test('a bar is called by its date, with the clock within a day; years have four digits', () => {
  expect(barLabel(START, false)).toBe('2018-12-28');
  expect(barLabel(START, true)).toBe('2018-12-28 22:00');
  expect(barLabel(Date.parse('0099-01-02T03:04:00Z'), true)).toBe('0099-01-02 03:04');
});

describe('ticks stand where the calendar turns, the finest turn whose labels fit', () => {
  test.each([
    [every(DAY_MS, 4), 4, ['28 Dec 2018', '29 Dec', '30 Dec', '31 Dec']],
    [every(DAY_MS, 6), 4, ['28 Dec 2018', '29 Dec', '30 Dec', '31 Dec', '1 Jan 2019', '2 Jan']],
    [every(DAY_MS, 20), 40, ['31 Dec 2018', '7 Jan 2019', '14 Jan']],
    [every(DAY_MS, 70), 120, ['Jan 2019', 'Feb 2019', 'Mar 2019']],
    [every(30 * DAY_MS, 40), 90, ['2019', '2020', '2021', '2022']],
    [every(HOUR_MS, 4), 4, ['28 Dec 22:00', '23:00', '29 Dec 00:00', '01:00']],
    [every(HOUR_MS, 30), 60, ['29 Dec 00:00', '12:00', '30 Dec 00:00']],
  ])('%#', (bars, width, expected) => {
    expect(labels(bars, width)).toEqual(expected);
  });

  test('a tick belongs to the first bar behind the turn', () => {
    const bars = barsAt([START, START + 2 * DAY_MS, START + 6 * DAY_MS]);
    expect(
      timeTicks(
        bars,
        (i) => i * 10,
        () => 12,
        5,
      ),
    ).toEqual([
      { index: 0, label: '2018-12-28' },
      { index: 2, label: '2019-01-03' },
    ]);
  });
});
