import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  executionForms,
  instantPattern,
  parseExecutionId,
} from '../../../src/lineage/execution-id.ts';
import { executionFilters, quoted, sweepFilter } from '../../../src/lineage/run-filter.ts';

const MICROS = 1_763_214_871_981_650n;

describe('parseExecutionId', () => {
  it.each([
    '2025-11-15 13:54:31.981650+00:00',
    '2025-11-15T13:54:31.981650+00:00',
    '2025-11-15T13:54:31.98165Z',
    '2025-11-15T13:54:31.981650',
    '2025-11-15 14:54:31.98165+01:00',
    '2025-11-15 08:24:31.981650-0530',
    '2025-11-15 08:54:31.9816509-05',
  ])('reads the instant of %s', (text) => {
    expect(parseExecutionId(text)).toEqual({ text, runType: null, instant: MICROS, suffix: '' });
  });

  it.each([
    ['manual__2025-11-15T13:54:31.981650+00:00', 'manual', ''],
    ['scheduled__2025-11-15T13:54:31.981650+00:00', 'scheduled', ''],
    ['asset_triggered__2025-11-15T13:54:31.981650+00:00_aB3dE5fG', 'asset_triggered', '_aB3dE5fG'],
  ])('reads the Airflow run id %s', (text, runType, suffix) => {
    expect(parseExecutionId(text)).toEqual({ text, runType, instant: MICROS, suffix });
  });

  it.each([
    'nightly build #7',
    '2025-11-15',
    '2025-02-31 00:00:00+00:00',
    '2025-13-01 00:00:00+00:00',
    '2025-11-15 25:00:00Z',
    ' 2025-11-15 13:54:31Z',
    '2025-11-15 13:54:31Z_suffix',
    "2025-11-15 13:54:31Z' or 1",
  ])('takes %j for a text of its own', (text) => {
    expect(parseExecutionId(text)).toEqual({ text, runType: null, instant: null, suffix: '' });
  });

  it('knows a run id without an instant', () => {
    expect(parseExecutionId('manual__by hand')).toMatchObject({ runType: 'manual', instant: null });
  });
});

describe('executionForms', () => {
  it('holds what Python, Airflow and JavaScript write', () => {
    const forms = executionForms('2025-11-15 13:54:31+00:00');
    expect(forms[0]).toBe('2025-11-15 13:54:31+00:00');
    expect(forms).toEqual(
      expect.arrayContaining([
        '2025-11-15T13:54:31Z',
        '2025-11-15T13:54:31.000Z',
        '2025-11-15 13:54:31.000000+00:00',
        'manual__2025-11-15T13:54:31+00:00',
        'scheduled__2025-11-15T13:54:31+00:00',
      ]),
    );
    expect(
      executionForms('manual__2025-11-15T13:54:31+00:00').filter((form) =>
        form.startsWith('scheduled'),
      ),
    ).toEqual([]);
    expect(executionForms('anything else')).toEqual(['anything else']);
  });

  it('is one instant in every form, and few of them', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }), (instant) => {
        const iso = new Date(Number(instant / 1000n))
          .toISOString()
          .replace('Z', String(instant % 1000n).padStart(3, '0'));
        const forms = executionForms(`${iso}+00:00`);
        expect(forms.length).toBeLessThan(40);
        const pattern = new RegExp(
          `^${instantPattern(instant).replaceAll('.', '\\.').replaceAll('%', '.*').replaceAll('_', '.')}$`,
        );
        for (const form of forms) {
          expect(parseExecutionId(form).instant).toBe(instant);
          expect(form).toMatch(pattern);
        }
      }),
    );
  });
});

describe('filters', () => {
  it('are quoted with what the value does not hold, or not at all', () => {
    expect(quoted("it's")).toBe(`"it's"`);
    expect(quoted('say "hi"')).toBe(`'say "hi"'`);
    expect(quoted('back\\slash')).toBe(`'back\\slash'`);
    expect(quoted(`both ' and "`)).toBeNull();
  });

  it('ask for an instant by a pattern, and for a text in another zone as it is, too', () => {
    expect(
      executionFilters(parseExecutionId('2025-11-15T13:54:31.981650Z'), 'execution_id'),
    ).toEqual(["tags.execution_id LIKE '%2025-11-15_13:54:31.98165%'"]);
    expect(
      executionFilters(parseExecutionId('2025-11-15 14:54:31+01:00'), 'execution_date_param'),
    ).toEqual([
      "params.execution_date = '2025-11-15 14:54:31+01:00'",
      "params.execution_date LIKE '%2025-11-15_13:54:31%'",
    ]);
  });

  it('ask for many by what they have in common', () => {
    const ids = (...texts: string[]) => texts.map(parseExecutionId);
    expect(
      sweepFilter(
        ids('2025-11-15 13:54:31+00:00', 'manual__2025-11-18T13:07:31+00:00'),
        'execution_id',
        'a "workflow"',
      ),
    ).toBe(`tags.workflow_id = 'a "workflow"' and tags.execution_id LIKE '%2025-11-1__13:__:31%'`);
    expect(sweepFilter(ids('build 7', 'build 8'), 'airflow_run_id', null)).toBe(
      "tags.airflow_run_id LIKE 'build _'",
    );
    expect(sweepFilter(ids('build 7', 'build 18'), 'execution_id', null)).toBe(
      "tags.execution_id LIKE 'build %'",
    );
    expect(sweepFilter(ids("it's", 'it"s'), 'execution_id', null)).toBe(
      "tags.execution_id LIKE 'it_s'",
    );
    expect(sweepFilter(ids("it's 1", "it's 2"), 'execution_id', null)).toBe(
      "tags.execution_id LIKE 'it_s _'",
    );
  });
});
