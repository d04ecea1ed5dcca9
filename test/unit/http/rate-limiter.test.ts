import { describe, expect, it } from 'vitest';
import { createRateLimiters } from '../../../src/http/rate-limiter.ts';
import { createLog } from '../../../src/observability/log.ts';

/** A log that is kept. */
function notebook() {
  const lines: string[] = [];
  return { lines, log: createLog({}, (_level, line) => lines.push(line)) };
}

describe('createRateLimiters', () => {
  it('limits nothing without a binding, and says so once', async () => {
    const { lines, log } = notebook();
    const limiters = createRateLimiters({ data: undefined, work: undefined }, log);
    expect(
      await Promise.all(Array.from({ length: 9 }, () => limiters.work.allows('ip:x'))),
    ).not.toContain(false);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'warn', event: 'rate_limit.missing', tiers: 'data,work' }),
    ]);
  });

  it('limits nothing while a binding fails, and says so without the message of the failure', async () => {
    const { lines, log } = notebook();
    const broken = { limit: () => Promise.reject(new TypeError('secret')) };
    const counting = { limit: () => Promise.resolve({ success: false }) };
    const limiters = createRateLimiters({ data: broken, work: counting }, log);
    expect([await limiters.data.allows('ip:x'), await limiters.work.allows('ip:x')]).toEqual([
      true,
      false,
    ]);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'warn', event: 'rate_limit.failed', code: 'internal_error', message: 'TypeError' },
    ]);
  });
});
