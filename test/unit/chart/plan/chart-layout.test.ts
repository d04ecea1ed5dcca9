import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEC } from '../../../../src/chart/chart-spec.ts';
import { fontSizes, layOutChart } from '../../../../src/chart/plan/chart-layout.ts';

test.each([
  [1920, 1400, { title: 27, panel: 18, axis: 18, label: 17 }],
  [1200, 1600, { title: 24, panel: 16, axis: 16, label: 15 }],
  [400, 300, { title: 14, panel: 9, axis: 9, label: 8 }],
])('the fonts of %i x %i follow its smaller side', (width, height, sizes) => {
  expect(fontSizes({ ...DEFAULT_SPEC, width, height })).toEqual(sizes);
});

describe.each([
  [1920, 1400],
  [800, 600],
])('%i x %i', (width, height) => {
  const { panels, sizes, ...layout } = layOutChart({ ...DEFAULT_SPEC, width, height }, 80.2, 120);

  test('panels follow one another, each under its head', () => {
    panels.forEach(({ head, plot }, i) => {
      expect(plot.y).toBe(head.y + head.height);
      expect([head.x, plot.x, plot.width]).toEqual([81, 81, width - 120 - 81]);
      const before = panels[i - 1];
      if (before !== undefined) expect(head.y).toBe(before.plot.y + before.plot.height);
    });
  });

  test('titles stand above, dates below, labels in the gutter, all in the picture', () => {
    const [first, last] = [panels[0], panels.at(-1)];
    expect(layout.subtitleBaseline).toBeLessThan(first?.head.y ?? 0);
    expect(layout.tickBaseline).toBeGreaterThan((last?.plot.y ?? 0) + (last?.plot.height ?? 0));
    expect(layout.axisTitleBaseline + sizes.axis * 0.2).toBeLessThanOrEqual(height);
    expect(layout.gutterX).toBeGreaterThan(width - 120);
  });
});

test('a panel of next to no share is still a panel', () => {
  const spec = {
    ...DEFAULT_SPEC,
    panels: [
      { name: 'a', share: 1 },
      { name: 'b', share: 1e-9 },
    ],
  };
  expect(layOutChart(spec, 0, 0).panels[1]?.plot.height).toBe(8);
});
