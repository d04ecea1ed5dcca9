/**
 * An execution id as producers write it: an instant (`2025-11-15 13:54:31.981650+00:00`, the same
 * with `T` or `Z`), an Airflow run id (`manual__2025-11-15T13:54:31.981650+00:00`), or any other
 * text, which only equals itself.
 */
export interface ExecutionId {
  readonly text: string;
  /** `manual`, `scheduled` …; null when it is no Airflow run id. */
  readonly runType: string | null;
  /** Microseconds since 1970 in it, or null. */
  readonly instant: bigint | null;
  /**
   * What follows the instant in a run id: Airflow 3 adds a random text to runs without a logical
   * date.
   */
  readonly suffix: string;
}

const RUN_TYPES = [
  'manual',
  'scheduled',
  'backfill',
  'dataset_triggered',
  'asset_triggered',
  'asset_materialization',
];
const AIRFLOW_RUN_ID = new RegExp(`^(${RUN_TYPES.join('|')})__(.+)$`, 's');
const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?(_[A-Za-z0-9]+)?$/;

export function parseExecutionId(text: string): ExecutionId {
  const runId = AIRFLOW_RUN_ID.exec(text);
  const [, runType = null, rest = text] = runId ?? [];
  const parsed = parseInstant(rest);
  if (parsed === null || (runType === null && parsed.suffix !== '')) {
    return { text, runType, instant: null, suffix: '' };
  }
  return { text, runType, ...parsed };
}

/**
 * A time without a zone is UTC, which is what Airflow's are. Null: not a time, or one that no
 * calendar has.
 */
function parseInstant(text: string): { instant: bigint; suffix: string } | null {
  const match = INSTANT.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z', suffix = ''] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // `Date.parse` takes the 31st of February for a day in March.
  if (Number.isNaN(ms) || new Date(ms).getUTCDate() !== Number(day)) return null;
  const micros = BigInt(fraction.padEnd(6, '0').slice(0, 6));
  return { instant: BigInt(ms) * 1000n + micros - offsetMicros(zone), suffix };
}

function offsetMicros(zone: string): bigint {
  if (zone === 'Z') return 0n;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.replace(':', '').slice(3) || '0');
  return BigInt((zone.startsWith('-') ? -minutes : minutes) * 60) * 1_000_000n;
}

/**
 * Both are instants, or run ids of one type and suffix. A run id and an instant may be two
 * executions (Airflow 3).
 */
export function isSameKind(a: ExecutionId, b: ExecutionId): boolean {
  return a.runType === b.runType && a.suffix === b.suffix;
}

/**
 * Every text under which rows of the same execution are usually stored, the given one first. Run
 * ids of another type are another run, so a run id has no other form than the bare instant; one
 * with a suffix has none at all.
 */
export function executionForms(text: string): string[] {
  const { instant, runType, suffix } = parseExecutionId(text);
  if (instant === null || suffix !== '') return [text];
  const { date, clock, fractions } = utcParts(instant);
  const forms = new Set([text]);
  for (const fraction of fractions) {
    for (const separator of [' ', 'T']) {
      for (const zone of ['+00:00', 'Z'])
        forms.add(`${date}${separator}${clock}${fraction}${zone}`);
    }
    const types = runType === null ? RUN_TYPES : [runType];
    for (const type of types) forms.add(`${type}__${date}T${clock}${fraction}+00:00`);
  }
  return [...forms];
}

/**
 * A MLflow LIKE pattern that all usual texts of this instant match, whatever stands before and
 * after. `_` is any one character there and cannot be escaped, so what comes back is compared
 * again.
 */
export function instantPattern(instant: bigint): string {
  const { date, clock, fractions } = utcParts(instant);
  const shortest = fractions.at(-1) ?? '';
  return `%${date}_${clock}${shortest}%`;
}

/**
 * UTC date, clock, and the fractions that may be written, longest first: Python leaves out a zero,
 * others write milliseconds.
 */
function utcParts(instant: bigint): { date: string; clock: string; fractions: string[] } {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (instant - micros) / 1_000_000n;
  const iso = new Date(Number(seconds) * 1000).toISOString();
  const digits = String(micros).padStart(6, '0');
  const fractions = [`.${digits}`];
  if (digits.endsWith('000')) fractions.push(`.${digits.slice(0, 3)}`);
  const trimmed = digits.replace(/0+$/, '');
  if (trimmed === '') fractions.push('');
  else if (!fractions.includes(`.${trimmed}`)) fractions.push(`.${trimmed}`);
  return { date: iso.slice(0, 10), clock: iso.slice(11, 19), fractions };
}
