import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utcTime } from '../../../src/http/query.schema.ts';

describe('a time in a filter', () => {
  it('is the same instant in UTC, whatever its zone, to the microsecond', () => {
    const zones = fc.record({
      sign: fc.constantFrom('+', '-', ' '),
      hours: fc.integer({ min: 0, max: 23 }),
      minutes: fc.integer({ min: 0, max: 59 }),
    });
    const seconds = fc.integer({
      min: Date.parse('0002-01-01T00:00:00Z') / 1000,
      max: Date.parse('9998-12-31T00:00:00Z') / 1000,
    });
    const two = (value: number) => String(value).padStart(2, '0');
    fc.assert(
      fc.property(
        seconds,
        fc.integer({ min: 0, max: 999_999 }),
        zones,
        (second, micros, { sign, hours, minutes }) => {
          const offset = (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
          const local = new Date(second * 1000 + offset * 60_000).toISOString().slice(0, 19);
          const fraction = `.${String(micros).padStart(6, '0')}`;
          const given = `${local}${fraction}${sign}${two(hours)}:${two(minutes)}`;
          const utc = `${new Date(second * 1000).toISOString().slice(0, 19)}${fraction}Z`;
          expect(utcTime(given)).toBe(utc);
        },
      ),
    );
  });

  it.each([
    ['2024-02-29', '2024-02-29T00:00:00Z'],
    ['2025-11-15T13:54:31Z', '2025-11-15T13:54:31Z'],
    ['2025-11-15T13:54Z', '2025-11-15T13:54:00Z'],
    ['2025-11-15T13:54:31.5+00:00', '2025-11-15T13:54:31.5Z'],
    ['2025-11-15T13:54:31.981650999Z', '2025-11-15T13:54:31.981650Z'],
  ])('%s is %s', (given, utc) => {
    expect(utcTime(given)).toBe(utc);
  });

  it.each([
    '',
    'now',
    '2025-02-29',
    '2025-13-01',
    '2025-1-1',
    '20251115',
    '2025-11-15T24:00:00Z',
    '2025-11-15T13:54:60Z',
    '2025-11-15T13:54:31',
    '2025-11-15 13:54:31+00:00',
    '2025-11-15T13:54:31+24:00',
    '2025-11-15T13:54:31.Z',
    '0000-01-01',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '+012025-01-01',
    'infinity',
  ])('"%s" is none', (given) => {
    expect(utcTime(given)).toBeNull();
  });
});
