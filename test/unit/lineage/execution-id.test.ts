import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  executionForms,
  instantPattern,
  isSameKind,
  parseExecutionId,
} from '../../../src/lineage/execution-id.ts';

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

describe('isSameKind', () => {
  const AT = '2025-11-15T13:54:31+00:00';
  it.each([
    [AT, '2025-11-15 13:54:31+00:00', true],
    [`manual__${AT}`, `manual__2025-11-15T13:54:31Z`, true],
    // Airflow may run the same date once by its schedule and once by hand.
    [`manual__${AT}`, `scheduled__${AT}`, false],
    [`manual__${AT}`, AT, false],
    [`manual__${AT}_abc`, `manual__${AT}_abd`, false],
    [`manual__${AT}_abc`, `manual__${AT}_abc`, true],
  ])('%s and %s: %s', (a, b, isSame) => {
    expect(isSameKind(parseExecutionId(a), parseExecutionId(b))).toBe(isSame);
    expect(isSameKind(parseExecutionId(b), parseExecutionId(a))).toBe(isSame);
  });
});
