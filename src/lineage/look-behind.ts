import { platformClock, type QueueClock } from '../concurrency/work-queue.ts';
import { failure } from '../errors.ts';
import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import { createBudget } from '../upstream/budget.ts';
import type { Leftover } from './leftovers.ts';
import { lookUp, type LookUpDependencies } from './look-up.ts';
import { BEHIND } from './policy.ts';
import { subjectKey } from './subject.ts';

export interface LookBehind {
  /** Takes what is not looked up behind another answer already, or was a moment ago. */
  add(leftovers: readonly Leftover[]): void;
}

export interface LookBehindDependencies extends Omit<LookUpDependencies, 'mlflow'> {
  readonly mlflow: MlflowClient | null;
  /** Lets work end after the answer to its request. */
  readonly defer: (work: Promise<unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly wait?: QueueClock['wait'];
}

/** Those who wait for an answer come first, and many readers of one page leave the same. */
export const PAUSE_MS = 2_000;
/** Looked up with one budget. */
export const LEFTOVERS_AT_ONCE = 50;
/** What comes beyond stays for the repair. */
export const LEFTOVERS_MAX = 500;
/** A subject is left alone for so long after a look, as nobody asks again before either. */
export const REST_MS = 5_000;
/** What runs behind an answer is ended after 30 s, and then nothing of it runs any more. */
const ROUNDS_MS = 15_000;
const LEASE_MS = 30_000;

/**
 * One an isolate: at most one look-up behind the answers at a time, of plain data, whoever left it
 * there.
 */
export function createLookBehind(deps: LookBehindDependencies): LookBehind {
  const { mlflow, now, log, wait = platformClock.wait } = deps;
  const waiting = new Map<string, Leftover>();
  /** When each was looked up last, milliseconds since 1970; the oldest first. */
  const lookedAt = new Map<string, number>();
  let startedAt: number | null = null;

  function isResting(key: string): boolean {
    for (const [old, at] of lookedAt) {
      if (now() - at < REST_MS) break;
      lookedAt.delete(old);
    }
    return lookedAt.has(key);
  }

  function next(): Leftover[] {
    const some = [...waiting].slice(0, LEFTOVERS_AT_ONCE);
    for (const [key] of some) {
      waiting.delete(key);
      lookedAt.delete(key);
      lookedAt.set(key, now());
    }
    return some.map(([, leftover]) => leftover);
  }

  /** With one budget for all of them; nothing where MLflow is left alone at the moment. */
  async function lookUpAll(leftovers: readonly Leftover[]): Promise<void> {
    if (mlflow === null || mlflow.outage() !== null) return;
    const counted = new Set(leftovers.filter((one) => one.isCounted).map(({ subject }) => subject));
    await lookUp(
      { ...deps, mlflow },
      {
        subjects: leftovers.map(({ subject }) => subject),
        policy: BEHIND,
        budget: createBudget(BEHIND.budget, now),
        termsOf: (subject) => ({ isDue: true, isCounted: counted.has(subject) }),
        ids: [],
      },
    );
  }

  async function run(since: number): Promise<void> {
    do {
      await wait(PAUSE_MS);
      const some = next();
      await lookUpAll(some).catch((error: unknown) => {
        log.warn('lineage.look_behind_failed', { subjects: some.length, ...failure(error) });
      });
    } while (waiting.size > 0 && now() - since < ROUNDS_MS);
    startedAt = null;
  }

  return {
    add(leftovers) {
      for (const leftover of leftovers) {
        const key = subjectKey(leftover.subject);
        if (waiting.size < LEFTOVERS_MAX && !isResting(key)) waiting.set(key, leftover);
      }
      const isRunning = startedAt !== null && now() - startedAt < LEASE_MS;
      if (waiting.size === 0 || isRunning) return;
      startedAt = now();
      deps.defer(run(startedAt));
    },
  };
}
