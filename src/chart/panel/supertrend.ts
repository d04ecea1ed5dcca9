import { isEmpty, lastValue, type Series } from '../indicator/series.ts';
import { SUPERTREND } from '../indicator/supertrend.ts';
import { line } from '../mark/line.ts';
import type { Panel, PanelContent } from '../plan/panel.ts';
import { barPriceStyle, formatNumber, magnitude, priceStyle } from '../scale/number-format.ts';

export const SUPERTREND_INK = { up: 'rgb(0,128,0)', down: 'rgb(128,0,0)' } as const;
const INK = SUPERTREND_INK;

export const supertrend: Panel = {
  content(series): PanelContent {
    const { period, multiplier } = series.parametersOf(SUPERTREND);
    const { stValues, stDirection } = series.of(SUPERTREND);
    const side = (wanted: 1 | -1): Series =>
      stValues.map((value, i) => (stDirection[i] === wanted ? value : null));
    const empty = isEmpty(stValues);
    const title = `SuperTrend ${period}, ${multiplier}`;
    return {
      title,
      axisTitle: 'SuperTrend',
      legend: empty
        ? []
        : [
            { label: 'Uptrend', swatch: { kind: 'line', color: INK.up } },
            { label: 'Downtrend', swatch: { kind: 'line', color: INK.down } },
          ],
      style: priceStyle(magnitude(stValues)),
      main: stValues,
      tagColor: stDirection.at(-1) === 1 ? INK.up : INK.down,
      marks: [
        line(side(1), { color: INK.up, width: 2.5 }),
        line(side(-1), { color: INK.down, width: 2.5 }),
      ],
      needs: empty ? `${title} needs ${period + 1} bars` : null,
    };
  },

  describe(series) {
    const { stValues, stDirection } = series.of(SUPERTREND);
    const value = lastValue(stValues);
    if (value === null) return '';
    const direction = stDirection.at(-1) === 1 ? 'up' : 'down';
    return `SuperTrend is ${direction} at ${formatNumber(value, barPriceStyle(series.bars))}.`;
  },
};
