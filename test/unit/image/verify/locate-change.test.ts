import { describe, expect, it } from 'vitest';
import { locateChange, partBorders } from '../../../../src/image/verify/locate-change.ts';

describe('locateChange', () => {
  const plots = [
    { name: 'price', x: 10, y: 40, width: 80, height: 100 },
    { name: 'volume', x: 10, y: 160, width: 80, height: 50 },
  ];
  const day = 86_400_000;
  const bars = Array.from({ length: 8 }, (_, i) => ({
    time: i * day,
    open: 1,
    high: 1,
    low: 1,
    close: 1,
    volume: 1,
  }));
  const at = (x: number, y: number, width = 1, height = 1) => ({ x, y, width, height, pixels: 1 });
  const iso = (index: number) => new Date(index * day).toISOString();

  it.each([
    ['the title', at(20, 5), 'header', null, null],
    ['the title of the first panel', at(20, 30), 'price', null, null],
    ['title and plot of the first panel', at(20, 30, 1, 20), 'price', iso(1), iso(1)],
    ['the first bar', at(10, 60), 'price', iso(0), iso(0)],
    ['the last bar', at(89, 60), 'price', iso(7), iso(7)],
    ['several bars', at(25, 60, 30), 'price', iso(1), iso(4)],
    ['more than the plot', at(0, 60, 100), 'price', iso(0), iso(7)],
    ['the values left of it', at(2, 60, 8), 'price', null, null],
    ['the tags right of it', at(90, 60, 5), 'price', null, null],
    ['the title of the second panel', at(20, 150), 'volume', null, null],
    ['the second panel', at(20, 170), 'volume', iso(1), iso(1)],
    ['the dates', at(20, 215), 'time_axis', null, null],
  ] as const)('%s', (_name, region, panel, first, last) => {
    expect(locateChange(region, plots, bars)).toEqual({
      ...region,
      panel,
      first_bar: first,
      last_bar: last,
    });
  });

  it('knows where parts begin: titles, and the dates behind the last panel', () => {
    expect(partBorders(plots)).toEqual([20, 140, 210]);
    expect(partBorders(plots.slice(0, 1))).toEqual([40, 140]);
    expect(partBorders(null)).toEqual([]);
  });

  it('says what it can', () => {
    expect(locateChange(at(20, 60), plots, null)).toMatchObject({
      panel: 'price',
      first_bar: null,
    });
    expect(locateChange(at(20, 60), null, bars)).toMatchObject({ panel: null, first_bar: null });
    expect(locateChange(at(20, 60), [], bars)).toMatchObject({ panel: null, last_bar: null });
  });
});
