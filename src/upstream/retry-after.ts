import { BREAK_MS } from './upstream-failure.ts';

const RETRY_AFTER_MIN_MS = 1_000;
/** One odd header must not hide a service for long. */
const RETRY_AFTER_MAX_MS = 60_000;

/**
 * Milliseconds to leave a service alone, of its `Retry-After`: seconds or a date (RFC 9110 section
 * 10.2.3). `nowMs` is milliseconds since 1970.
 */
export function readRetryAfter(value: string | null, nowMs: number): number {
  if (value === null) return BREAK_MS;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  if (Number.isNaN(ms)) return BREAK_MS;
  return Math.min(Math.max(ms, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS);
}
