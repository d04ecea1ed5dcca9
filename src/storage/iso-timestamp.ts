/**
 * PostgreSQL's text of a timestamptz (`2025-11-15 13:54:31.98165+00`) as ISO 8601 with offset
 * (`2025-11-15T13:54:31.981650+00:00`); microseconds survive, whatever the session's time zone.
 */
export function isoTimestamp(text: string): string {
  const match =
    /^(\d{4,})-(\d\d)-(\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::?(\d\d))?(?::\d\d)?$/.exec(
      text,
    );
  if (match === null) return text;
  const [, year, month, day, clock, fraction, hours, minutes = '00'] = match;
  const micros = fraction === undefined ? '' : `.${fraction.padEnd(6, '0')}`;
  return `${year}-${month}-${day}T${clock}${micros}${hours}:${minutes}`;
}

/** Orders PostgreSQL's texts of timestamptz, the earlier first, whatever their zones. */
export function compareTimestamps(a: string, b: string): number {
  const [first, second] = [isoTimestamp(a), isoTimestamp(b)];
  // `Date.parse` keeps milliseconds; within one the digits behind them decide.
  return (
    Date.parse(first) - Date.parse(second) || (first.slice(23, 26) < second.slice(23, 26) ? -1 : 1)
  );
}
