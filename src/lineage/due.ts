import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { LookupFacts } from './derive-lineage.ts';
import type { Policy } from './policy.ts';

/**
 * Whether it is time to ask for what was looked up before, or never. What was looked for in vain is
 * not looked for again at once; a page asks only in part, so who reads one alone may ask before.
 */
export function isDue(
  lookup: Pick<LookupFacts, 'status' | 'attempts' | 'next_check_at'> | null,
  { mayFollowPartialLook }: Pick<Policy, 'mayFollowPartialLook'>,
  nowMs: number,
): boolean {
  if (lookup === null || lookup.next_check_at === null) return true;
  const wasPartial = lookup.attempts === 0 && lookup.status === 'pending';
  if (wasPartial && mayFollowPartialLook) return true;
  return Date.parse(isoTimestamp(lookup.next_check_at)) <= nowMs;
}
