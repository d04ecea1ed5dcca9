/**
 * Ends somebody else's answer that takes too long, and knows when it was ourselves who had no time
 * for it.
 */
export interface PatientDeadline {
  readonly signal: AbortSignal;
  /**
   * After the signal: this isolate was busy with something else, so the other side may well have
   * answered.
   */
  wasBusy(): boolean;
  /** To be called when the answer is there. */
  clear(): void;
}

/** A timer that comes later than this was held up by our own work. */
const LATE_MS = 200;
/**
 * What lies in the socket when the time is over is still read: so long, or longer when the timer
 * came late.
 */
const GRACE_MS = 50;
const GRACE_WHEN_LATE_MS = 1_000;

/**
 * Work of our own holds up timers and answers alike, and a timer that is due runs before an answer
 * that has arrived. So a deadline that passes leaves one more turn for what is there already, and
 * looks how late it comes itself.
 */
export function startDeadline(ms: number, now: () => number = () => Date.now()): PatientDeadline {
  const controller = new AbortController();
  let isLate = false;
  let timer: ReturnType<typeof setTimeout>;

  function after(delayMs: number, next: () => void): void {
    const dueAt = now() + delayMs;
    timer = setTimeout(() => {
      isLate ||= now() - dueAt > LATE_MS;
      next();
    }, delayMs);
  }

  const abort = () =>
    controller.abort(new DOMException('The deadline has passed.', 'TimeoutError'));
  after(Math.max(0, ms - GRACE_MS), () => after(isLate ? GRACE_WHEN_LATE_MS : GRACE_MS, abort));
  return { signal: controller.signal, wasBusy: () => isLate, clear: () => clearTimeout(timer) };
}
