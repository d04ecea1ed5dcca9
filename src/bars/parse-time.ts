const DATE = /(\d{4})-(\d{2})-(\d{2})/;
const CLOCK = /(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?/;
const ZONE = /([Zz]|[+-]\d{2}(?::?\d{2})?)/;
const ISO = new RegExp(`^${DATE.source}(?:[Tt ]${CLOCK.source} ?${ZONE.source}?)?$`);

/**
 * Numbers from here on are milliseconds, smaller ones seconds: 1e11 s is the year 5138, 1e11 ms is
 * 1973.
 */
const FIRST_MILLISECONDS = 1e11;
const MS_PER_DAY = 86_400_000;
/** 0001-01-01 and 9999-12-31T23:59:59.999Z: what every language's date type can hold. */
const EARLIEST_MS = -62_135_596_800_000;
const LATEST_MS = 253_402_300_799_999;

/**
 * A bar's time as whole epoch milliseconds, or null when it is not one. Takes ISO 8601 text (a time
 * without a zone is UTC, fractions are truncated) and epoch numbers (seconds below 1e11, else
 * milliseconds). `Date.parse` is not used: it reads `2013-03-01 13:00` in the machine's zone and
 * accepts much that is no date.
 */
export function parseTime(raw: unknown): number | null {
  const ms =
    typeof raw === 'string' ? parseIso(raw) : typeof raw === 'number' ? parseEpoch(raw) : null;
  return ms === null || ms < EARLIEST_MS || ms > LATEST_MS ? null : ms;
}

function parseEpoch(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  return Math.trunc(value >= FIRST_MILLISECONDS ? value : value * 1000) + 0;
}

function parseIso(text: string): number | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return null;
  if (hour === undefined || minute === undefined || second === undefined) return null;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const offset = parseOffsetMs(parts[8]);
  if (offset === null) return null;
  const fraction = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const clock = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
  return daysSinceEpoch(year, month, day) * MS_PER_DAY + clock - offset;
}

function parseOffsetMs(zone: string | undefined): number | null {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2, 4));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Proleptic Gregorian calendar, years starting in March (Hinnant, "chrono-compatible low-level date
 * algorithms").
 */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
