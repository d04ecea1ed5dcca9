import { z } from '@hono/zod-openapi';

/** Of a route without parameters: what belongs into the body is easily put into the address. */
export const noQuery = z.strictObject({});

/** A parameter that stands twice in the query arrives as an array. */
export const once = {
  error: (issue: { readonly input?: unknown }) =>
    Array.isArray(issue.input) ? 'may be given once' : undefined,
};

const DATE = z.regexes.date;
const DATE_TIME = z.regexes.datetime({ offset: true });
/** ISO 8601 may end with the minute. */
const DATE_MINUTE = z.regexes.datetime({ offset: true, precision: -1 });

/**
 * A date (its UTC midnight) or a date-time with offset, as a date-time in UTC with all its
 * microseconds. Null: no such time, or outside of the years 1 to 9999. In a query an unescaped `+`
 * arrives as a space, which can only have been that plus.
 */
export function utcTime(given: string): string | null {
  const value = given.replace(/ (?=\d\d:\d\d$)/, '+');
  if (DATE.test(value)) return value.startsWith('0000') ? null : `${value}T00:00:00Z`;
  if (!DATE_TIME.test(value) && !DATE_MINUTE.test(value)) return null;
  const fraction = /\.\d{1,6}/.exec(value)?.[0] ?? '';
  const seconds = new Date(value.replace(/\.\d+/, ''));
  const isIn =
    seconds.getTime() >= Date.parse('0001-01-01T00:00:00Z') && seconds.getUTCFullYear() <= 9999;
  return isIn ? `${seconds.toISOString().slice(0, 19)}${fraction}Z` : null;
}

/** A whole number in digits; `Number` would also take 0x10, 1e2 and blanks. */
export const limitParameter = (usual: number, max: number, description: string) =>
  z
    .string(once)
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= max, `must be from 1 to ${max}`)
    .default(usual)
    .openapi({ type: 'integer', minimum: 1, maximum: max, default: usual, description });
