import { expect, test } from 'vitest';
import { DEFAULT_SPEC } from '../../../../src/chart/chart-spec.ts';
import { line } from '../../../../src/chart/mark/line.ts';
import { layOutChart } from '../../../../src/chart/plan/chart-layout.ts';
import { COLOR, currentOr } from '../../../../src/chart/plan/color.ts';
import { labelsOf, latestIndex, withStats } from '../../../../src/chart/plan/labels.ts';
import { legendItem } from '../../../../src/chart/plan/legend.ts';
import { panelScene, type PanelScene } from '../../../../src/chart/plan/panel-scene.ts';
import type { PanelContent } from '../../../../src/chart/plan/panel.ts';
import {
  inkOf,
  planBackground,
  planMarks,
  planStatistics,
} from '../../../../src/chart/plan/plan-panel.ts';
import { plainStyle } from '../../../../src/chart/scale/number-format.ts';

const layout = layOutChart(DEFAULT_SPEC, 100, 100);
const PLAIN: PanelContent = {
  title: 'Test',
  axisTitle: 'Test',
  legend: [],
  style: plainStyle(1),
  main: [2, 4, 8],
  tagColor: 'red',
  marks: [],
  needs: null,
};

function sceneOf(changes: Partial<PanelContent>): PanelScene {
  const content = withStats({ ...PLAIN, ...changes });
  const [box] = layout.panels;
  if (box === undefined) throw new Error('the layout has no panel');
  return panelScene(content, box, content.main.length, layout);
}

test('an axis has room for the main series, for its marks and for what is always on it', () => {
  const reach = (changes: Partial<PanelContent>): [number, number] => {
    const { axis, plot } = sceneOf(changes);
    const inside = (value: number) =>
      axis.y(value) > plot.y && axis.y(value) < plot.y + plot.height;
    return [[-20, -5, 0, 2].findIndex(inside), [30, 20, 9, 8].findIndex(inside)];
  };
  expect(reach({})).toEqual([3, 3]);
  expect(reach({ marks: [line([-5, 20, null], { color: 'red', width: 1 })] })).toEqual([1, 1]);
  expect(reach({ axis: { include: [-20, 30] } })).toEqual([0, 0]);
});

test('an axis from zero has zero at its foot, also where all values are 0', () => {
  for (const main of [
    [0, 5],
    [0, 0],
  ]) {
    const { axis, plot } = sceneOf({ main, axis: { include: [0], fromZero: true } });
    expect(axis.y(0)).toBe(plot.y + plot.height);
    expect(axis.low).toBe(0);
  }
});

test('ticks are round numbers, or those that the panel wants; an empty panel has none', () => {
  expect(sceneOf({ axis: { ticks: [3, 7] } }).ticks.map(({ label }) => label)).toEqual(['3', '7']);
  expect(sceneOf({}).ticks.length).toBeGreaterThan(2);
  expect(sceneOf({ main: [null, null], needs: 'needs more' }).ticks).toEqual([]);
});

test('shades lie under the grid, statistics on it, marks in their order', () => {
  const mark = (color: string) => ({
    shapes: () => [{ kind: 'rects' as const, color, numbers: [] }],
  });
  const scene = sceneOf({ shades: [mark('shade')], marks: [mark('low'), mark('high')] });
  const colors = (shapes: ReturnType<typeof planMarks>) =>
    shapes.map((shape) => ('color' in shape ? shape.color : shape.kind));
  expect(colors(planBackground(scene, [200]))).toEqual(['shade', COLOR.grid, COLOR.border]);
  expect(colors(planStatistics(scene))).toEqual([COLOR.statistic, COLOR.statistic]);
  expect(colors(planMarks(scene))).toEqual(['low', 'high']);
  expect(planStatistics(sceneOf({ main: [null] }))).toEqual([]);
});

test('marks that may be covered leave no ink', () => {
  const series = [2, 2, 2];
  const scene = sceneOf({
    main: series,
    marks: [{ shapes: () => [] }, line(series, { color: 'red', width: 2 })],
  });
  const ink = inkOf(scene);
  expect(ink.covered(scene.plot)).toBeGreaterThan(0);
  expect(inkOf(sceneOf({ marks: [{ shapes: () => [] }] })).covered(scene.plot)).toBe(0);
});

test('what is written of the main series: its latest known value, the upper median', () => {
  const content = withStats({ ...PLAIN, main: [1, 4, 2, 3, null] });
  expect(labelsOf(content)).toEqual({
    latest: { value: 3, text: '3.0' },
    max: { value: 4, text: 'Max 4.0' },
    min: { value: 1, text: 'Min 1.0' },
    average: { value: 2.5, text: 'Avg 2.5' },
    median: { value: 3, text: 'Med 3.0' },
  });
  expect(latestIndex(content)).toBe(3);
  expect(labelsOf(withStats({ ...PLAIN, main: [null] }))).toBeNull();
});

test('a value that is not of the last bar is grey; a series without values says what it needs', () => {
  expect([currentOr([1, 2], 'red'), currentOr([1, null], 'red')]).toEqual(['red', COLOR.statistic]);
  const swatch = { kind: 'line', color: 'red' } as const;
  expect(legendItem('SMA 20', swatch, [null, 1], 20)).toEqual({ label: 'SMA 20', swatch });
  expect(legendItem('SMA 20', swatch, [null], 20)).toEqual({
    label: 'SMA 20 needs 20 bars',
    swatch: null,
  });
});
