import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startDeadline } from '../../../src/concurrency/patient-deadline.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('ends what takes too long, in time', async () => {
  const deadline = startDeadline(5_000);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(deadline.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect([deadline.signal.aborted, deadline.wasBusy()]).toEqual([true, false]);
});

it('leaves time for what has arrived when it comes late itself, and says so', async () => {
  let heldUpMs = 0;
  const deadline = startDeadline(5_000, () => Date.now() + heldUpMs);
  heldUpMs = 700;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(deadline.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([deadline.signal.aborted, deadline.wasBusy()]).toEqual([true, true]);
});

it('is over when the answer is there', async () => {
  const deadline = startDeadline(100);
  deadline.clear();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([deadline.signal.aborted, vi.getTimerCount()]).toEqual([false, 0]);
});
