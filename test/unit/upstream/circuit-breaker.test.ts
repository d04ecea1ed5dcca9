import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from '../../../src/upstream/circuit-breaker.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';

const fails = (error: Error) => async (): Promise<string> => {
  throw error;
};
const works = async () => 'well';

function breakerAt() {
  const clock = { ms: 1_000_000 };
  return { clock, breaker: createCircuitBreaker(() => clock.ms) };
}

describe('the circuit breaker', () => {
  it.each<[string, Error, number, boolean]>([
    ['a failure', new UpstreamFailure('down'), 4_999, true],
    ['a failure, later', new UpstreamFailure('down'), 5_000, false],
    [
      'one that asks for patience',
      new UpstreamFailure('busy', { retryAfterMs: 60_000 }),
      59_999,
      true,
    ],
    ['one of this request alone', new UpstreamFailure('no', { isOfThisRequest: true }), 0, false],
    ['an error that is no failure', new Error('bug'), 0, false],
  ])('after %s', async (_, error, afterMs, isOpen) => {
    const { clock, breaker } = breakerAt();
    await expect(breaker.run(fails(error), false)).rejects.toBe(error);
    clock.ms += afterMs;
    expect(breaker.outage()).toBe(isOpen ? error : null);
    const next = breaker.run(works, false);
    if (isOpen) await expect(next).rejects.toBe(error);
    else expect(await next).toBe('well');
  });

  it('lets one try when it is time, and tells the others the same reason at once', async () => {
    const { clock, breaker } = breakerAt();
    const down = new UpstreamFailure('down');
    await expect(breaker.run(fails(down), false)).rejects.toBe(down);
    clock.ms += 5_000;
    const answer = Promise.withResolvers<string>();
    const first = breaker.run(() => answer.promise, false);
    await expect(breaker.run(works, false)).rejects.toBe(down);
    answer.resolve('back');
    expect(await first).toBe('back');
    expect(await breaker.run(works, false)).toBe('well');
  });

  it('is passed by force, and closed by what works', async () => {
    const { breaker } = breakerAt();
    const down = new UpstreamFailure('down');
    await expect(breaker.run(fails(down), false)).rejects.toBe(down);
    expect(await breaker.run(works, true)).toBe('well');
    expect(breaker.outage()).toBeNull();
  });

  it('is closed by an answer that refuses one request: the service works', async () => {
    const { clock, breaker } = breakerAt();
    const down = new UpstreamFailure('down');
    await expect(breaker.run(fails(down), false)).rejects.toBe(down);
    clock.ms += 5_000;
    const no = new UpstreamFailure('no', { isOfThisRequest: true });
    await expect(breaker.run(fails(no), false)).rejects.toBe(no);
    expect(await breaker.run(works, false)).toBe('well');
  });
});
