import fc from 'fast-check';
import { expect, it } from 'vitest';
import { metricFamilies } from '../../../src/metrics/metric-families.ts';
import { exposition } from '../../../src/observability/exposition.ts';
import { COUNTERS } from '../../../src/observability/metrics.ts';
import { parsePrometheusText } from '../../support/prometheus-text.ts';

it('writes the format as it is written down', () => {
  const text = exposition([
    {
      name: 'a_total',
      type: 'counter',
      help: 'Two\nlines, a \\ and a "quote".',
      samples: [{ value: 3 }],
    },
    { name: 'nothing', type: 'gauge', help: 'Has no series.', samples: [] },
    {
      name: 'b',
      type: 'gauge',
      help: 'b',
      samples: [
        { labels: { x: 'a"b\\c\nd', y: '' }, value: 1e21 },
        { labels: { x: 'ä', y: '1' }, value: Number.NaN },
        { labels: { x: 'z', y: '2' }, value: Number.NEGATIVE_INFINITY },
      ],
    },
  ]);
  expect(text).toBe(
    [
      '# HELP a_total Two\\nlines, a \\\\ and a "quote".',
      '# TYPE a_total counter',
      'a_total 3',
      '# HELP b b',
      '# TYPE b gauge',
      'b{x="a\\"b\\\\c\\nd",y=""} 1e+21',
      'b{x="ä",y="1"} NaN',
      'b{x="z",y="2"} -Inf',
      '',
    ].join('\n'),
  );
});

it('is read back as it was, whatever labels hold', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\r'))),
      (values) => {
        const samples = values.map((value, i) => ({ labels: { value }, value: i }));
        const family = { name: 'x', type: 'gauge', help: values.join(' '), samples } as const;
        if (samples.length === 0) return;
        const parsed = parsePrometheusText(exposition([family])).get('x');
        expect(parsed?.samples.map(({ labels }) => labels['value'])).toEqual(values);
      },
    ),
  );
});

const up = { isUp: true, isMigrated: true, counters: [], snapshot: null };

it('tells every counter from the start, as zero', () => {
  const families = parsePrometheusText(exposition(metricFamilies(up)));
  // Of routes nothing is known before they were asked for.
  const closed = Object.values(COUNTERS).filter(
    ({ labels }) => !Object.values<unknown>(labels).includes('routes'),
  );
  expect([...families.keys()]).toEqual(expect.arrayContaining(closed.map(({ metric }) => metric)));
  expect(families.has(COUNTERS.http_request.metric)).toBe(false);
  expect(families.get('chartproof_images_served_total')?.samples).toHaveLength(30);
});

it('never writes what the format does not allow, whatever the rows hold', () => {
  const anything = fc.anything({ withNullPrototype: true });
  const row = fc.record({
    name: fc.constantFrom(
      ...Object.keys(COUNTERS),
      'render',
      'render_seconds_bucket',
      'render_seconds_sum',
      'x',
    ),
    labels: fc.oneof(
      anything,
      fc.record({
        code: fc.constantFrom('busy', 'x'),
        reason: fc.string(),
        le: fc.constantFrom('0.05', '+Inf', 'x'),
      }),
      fc.record({ code: fc.constantFrom('busy', 'not_found') }),
      fc.constant({}),
    ),
    value: fc.oneof(fc.double(), fc.nat()),
  });
  const snapshot = fc.record({
    age: fc.double(),
    now: fc.double(),
    tookMs: fc.option(fc.double()),
    facts: fc.oneof(anything, fc.array(anything)),
  });
  fc.assert(
    fc.property(fc.array(row), fc.option(snapshot), (counters, taken) => {
      const text = exposition(metricFamilies({ ...up, counters, snapshot: taken }));
      expect(parsePrometheusText(text).has('chartproof_renders_total')).toBe(true);
    }),
  );
});

it('says what it knows of a database that does not answer, or is not migrated', () => {
  const down = metricFamilies({ isUp: false, isMigrated: null, counters: [], snapshot: null });
  expect(exposition(down).match(/^\w.*$/gm)).toEqual(['chartproof_database_up 0']);
  const bare = metricFamilies({ isUp: true, isMigrated: false, counters: [], snapshot: null });
  expect(exposition(bare).match(/^\w.*$/gm)).toEqual([
    'chartproof_database_up 1',
    'chartproof_database_migrated 0',
  ]);
});
