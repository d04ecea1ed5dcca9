import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { RememberedLookup } from './derive-lineage.ts';
import type { Policy } from './policy.ts';
import { subjectKey, subjectOf, type SubjectColumns } from './subject.ts';

/** Of a record, what says whether it is time to ask for it. */
export interface DueRecord {
  readonly row: SubjectColumns;
  readonly lookup: Pick<RememberedLookup, 'status' | 'attempts' | 'next_check_at'> | null;
}

/**
 * Whether it is time to ask for what was looked up before, or never. What was looked for in vain is
 * not looked for again at once; a page asks only in part, so who reads one alone may ask before.
 */
export function isDue(
  lookup: DueRecord['lookup'],
  { alone }: Pick<Policy, 'alone'>,
  nowMs: number,
): boolean {
  if (lookup === null || lookup.next_check_at === null) return true;
  const wasPartial = lookup.attempts === 0 && lookup.status === 'pending';
  if (wasPartial && alone !== null) return true;
  return Date.parse(isoTimestamp(lookup.next_check_at)) <= nowMs;
}

/** The keys of those subjects of the records for which it is time to ask. */
export function dueSubjects(
  records: readonly DueRecord[],
  policy: Pick<Policy, 'alone'>,
  nowMs: number,
): Set<string> {
  return new Set(
    records.flatMap(({ row, lookup }) => {
      const subject = subjectOf(row);
      return subject !== null && isDue(lookup, policy, nowMs) ? [subjectKey(subject)] : [];
    }),
  );
}
