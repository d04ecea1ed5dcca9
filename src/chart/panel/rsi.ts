import { RSI } from '../indicator/rsi.ts';
import { isEmpty, lastValue } from '../indicator/series.ts';
import { line } from '../mark/line.ts';
import type { Mark } from '../mark/mark.ts';
import { dashes } from '../mark/rects.ts';
import type { Panel, PanelContent } from '../plan/panel.ts';
import { plainStyle } from '../scale/number-format.ts';

export const RSI_INK = {
  rsi: 'rgb(126,87,194)',
  fill: 'rgb(242,238,249)',
  limit: 'rgb(120,123,134)',
} as const;
const INK = RSI_INK;

/** At or below and at or above these, traders call it oversold and overbought. */
const LOW = 30;
const HIGH = 70;
const MIDDLE = 50;

export const rsi: Panel = {
  content(series): PanelContent {
    const { period } = series.parametersOf(RSI);
    const values = series.of(RSI).rsi;
    const empty = isEmpty(values);
    const swatch = { kind: 'line', color: INK.rsi } as const;
    const limits = `Oversold ${LOW}, overbought ${HIGH}`;
    return {
      title: `RSI ${period}`,
      axisTitle: 'RSI',
      legend: [
        ...(empty ? [] : [{ label: 'RSI', swatch }]),
        { label: limits, swatch: { kind: 'dashes', color: INK.limit } },
      ],
      style: plainStyle(2),
      main: values,
      tagColor: INK.rsi,
      axis: { include: [LOW, HIGH], ticks: [LOW, MIDDLE, HIGH] },
      shades: [shade],
      marks: [limit(LOW), limit(HIGH), line(values, { color: INK.rsi, width: 2 })],
      needs: empty ? `RSI ${period} needs ${period + 1} bars` : null,
    };
  },

  describe(series) {
    const value = lastValue(series.of(RSI).rsi);
    if (value === null) return '';
    const state = value >= HIGH ? 'overbought' : value <= LOW ? 'oversold' : 'neutral';
    return `RSI is ${value.toFixed(2)} (${state}).`;
  },
};

/** Between the limits. */
const shade: Mark = {
  shapes({ plot, axis }) {
    const top = Math.round(axis.y(HIGH));
    const height = Math.round(axis.y(LOW)) - top;
    return [{ kind: 'rects', color: INK.fill, numbers: [plot.x, top, plot.width, height] }];
  },
};

function limit(value: number): Mark {
  return { shapes: ({ plot, axis }) => [dashes(INK.limit, plot, axis.y(value), 6, 4)] };
}
