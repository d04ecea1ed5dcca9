import { isEmpty, lastValue } from '../../../../../src/chart/indicator/series.ts';
import { line } from '../../../../../src/chart/mark/line.ts';
import type { Mark } from '../../../../../src/chart/mark/mark.ts';
import { dashes } from '../../../../../src/chart/mark/rects.ts';
import type { Panel, PanelContent } from '../../../../../src/chart/plan/panel.ts';
import { formatNumber, plainStyle } from '../../../../../src/chart/scale/number-format.ts';
import { WILLIAMS_R } from '../indicator/williams-r.ts';

export const WILLIAMS_INK = { line: 'rgb(0,121,107)', limit: 'rgb(120,123,134)' } as const;

const OVERSOLD = -80;
const OVERBOUGHT = -20;
const STYLE = plainStyle(2);

export const williamsR: Panel = {
  content(series): PanelContent {
    const { period } = series.parametersOf(WILLIAMS_R);
    const values = series.of(WILLIAMS_R).williamsR;
    const empty = isEmpty(values);
    const title = `Williams %R ${period}`;
    return {
      title,
      axisTitle: '%R',
      legend: [
        ...(empty
          ? []
          : [{ label: '%R', swatch: { kind: 'line', color: WILLIAMS_INK.line } as const }]),
        {
          label: 'Oversold \u221280, overbought \u221220',
          swatch: { kind: 'dashes', color: WILLIAMS_INK.limit },
        },
      ],
      style: STYLE,
      main: values,
      tagColor: WILLIAMS_INK.line,
      axis: { include: [OVERSOLD, OVERBOUGHT], ticks: [OVERSOLD, -50, OVERBOUGHT] },
      marks: [
        limit(OVERSOLD),
        limit(OVERBOUGHT),
        line(values, { color: WILLIAMS_INK.line, width: 2 }),
      ],
      needs: empty ? `${title} needs ${period} bars` : null,
    };
  },

  describe(series) {
    const value = lastValue(series.of(WILLIAMS_R).williamsR);
    if (value === null) return '';
    const state = value >= OVERBOUGHT ? 'overbought' : value <= OVERSOLD ? 'oversold' : 'neutral';
    return `Williams %R is ${formatNumber(value, STYLE)} (${state}).`;
  },
};

function limit(value: number): Mark {
  return { shapes: ({ plot, axis }) => [dashes(WILLIAMS_INK.limit, plot, axis.y(value), 6, 4)] };
}
