import { ATR } from '../indicator/atr.ts';
import { isEmpty, lastValue } from '../indicator/series.ts';
import { line } from '../mark/line.ts';
import type { Panel, PanelContent } from '../plan/panel.ts';
import { barPriceStyle, differenceStyle, formatNumber, magnitude } from '../scale/number-format.ts';

export const ATR_INK = { atr: 'rgb(128,25,34)' } as const;

export const atr: Panel = {
  content(series): PanelContent {
    const { period } = series.parametersOf(ATR);
    const values = series.of(ATR).atr;
    const empty = isEmpty(values);
    const swatch = { kind: 'line', color: ATR_INK.atr } as const;
    return {
      title: `ATR ${period}`,
      axisTitle: 'ATR',
      legend: empty ? [] : [{ label: 'Average true range', swatch }],
      style: differenceStyle(magnitude(values)),
      main: values,
      tagColor: ATR_INK.atr,
      marks: [line(values, { color: ATR_INK.atr, width: 2 })],
      needs: empty ? `ATR ${period} needs ${period + 1} bars` : null,
    };
  },

  describe(series) {
    const value = lastValue(series.of(ATR).atr);
    return value === null ? '' : `ATR is ${formatNumber(value, barPriceStyle(series.bars))}.`;
  },
};
