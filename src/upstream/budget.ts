/** Nothing is wrong, but who asks may not ask any further: its calls or its time are used up. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget';
}

/** What one piece of work may ask of a service. Counts and milliseconds. */
export interface BudgetLimits {
  readonly callsMax: number;
  readonly lastsMs: number;
  /**
   * After so long one call alone is slow; cut off earlier, because others took the time, it proves
   * nothing.
   */
  readonly slowMs: number;
  /** It asks even while the circuit breaker is open. */
  readonly ignoresOutage: boolean;
}

/** Calls and time of one piece of work, shared by everything that it consists of. */
export interface Budget {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  readonly slowMs: number;
  readonly ignoresOutage: boolean;
  /** Milliseconds since 1970; what was read before may lack what is looked for. */
  readonly startedAt: number;
  /** Takes one call. Throws `OutOfBudget` when no call or no time is left. */
  take(): void;
  /** Why nothing is left, or null. */
  usedUp(): 'calls' | 'time' | null;
  /** Calls that were taken. */
  taken(): number;
  /** Milliseconds left. */
  msLeft(): number;
  /** The same calls and clock, and a part of the time. */
  within(ms: number): Budget;
}

export function createBudget(limits: BudgetLimits, now: () => number): Budget {
  const { callsMax, slowMs, ignoresOutage } = limits;
  const startedAt = now();
  let taken = 0;

  const budget = (signal: AbortSignal, endsAt: number): Budget => {
    const usedUp = () => {
      if (taken >= callsMax) return 'calls';
      return signal.aborted || now() >= endsAt ? 'time' : null;
    };
    const msLeft = () => Math.max(0, endsAt - now());
    return {
      signal,
      slowMs,
      ignoresOutage,
      startedAt,
      usedUp,
      msLeft,
      taken: () => taken,
      take() {
        if (usedUp() !== null) throw new OutOfBudget();
        taken += 1;
      },
      within(ms) {
        const own = AbortSignal.any([signal, AbortSignal.timeout(Math.min(ms, msLeft()))]);
        return budget(own, Math.min(endsAt, now() + ms));
      },
    };
  };
  return budget(AbortSignal.timeout(limits.lastsMs), startedAt + limits.lastsMs);
}
