import type { BudgetLimits } from '../upstream/budget.ts';

/** How searches for many executions together are made. */
export interface SweepPolicy {
  /** Fewer executions are looked up one by one. */
  readonly executionsMin: number;
  /**
   * Read every search to its end, within reason; otherwise make few calls, and ask for the workflow
   * by name.
   */
  readonly readsToEnd: boolean;
  /** A run costs MLflow about half a millisecond, and 1.7 kB of answer. */
  readonly runsPerPage: number;
  /** Pages of one search that are read. */
  readonly pagesMax: number;
  /**
   * Of the look-up's time, from 0 to 1; what the rest is for needs some, however slow MLflow is.
   */
  readonly shareOfTime: number;
}

/** How subjects are looked up. */
export interface Policy {
  readonly trigger: 'read' | 'page' | 'behind' | 'repair';
  readonly budget: BudgetLimits;
  /** Null: no search for many together. */
  readonly sweep: SweepPolicy | null;
  /**
   * What the sweep does not decide is looked up alone: in the workflow's usual way, in all ways, or
   * not at all.
   */
  readonly alone: 'usual' | 'all' | null;
  /**
   * Nobody waits: a run that a search did not show is asked for by name, and what was broken off
   * has looked at nothing, so that whoever goes on finds everything as it was. Otherwise only a
   * single run is asked for by name, and looks at a part are remembered.
   */
  readonly isThorough: boolean;
}

/** What reading may wait for MLflow. */
const READER = { lastsMs: 1_500, slowMs: 1_000, ignoresOutage: false };

/** Somebody reads one artifact or one execution. */
export const ONE: Policy = {
  trigger: 'read',
  budget: { ...READER, callsMax: 12 },
  sweep: null,
  alone: 'usual',
  isThorough: false,
};

/** Somebody reads a page: the experiments and two searches, whatever its length. */
export const PAGE: Policy = {
  trigger: 'page',
  budget: { ...READER, callsMax: 3 },
  sweep: {
    executionsMin: 1,
    readsToEnd: false,
    runsPerPage: 800,
    pagesMax: 1,
    shareOfTime: 1,
  },
  alone: null,
  isThorough: false,
};

const TO_THE_END: SweepPolicy = {
  executionsMin: 1,
  readsToEnd: true,
  runsPerPage: 500,
  pagesMax: 4,
  shareOfTime: 0.5,
};

/**
 * Nobody waits: searches for all together that are read to their end, and a look-up of its own for
 * each that they cannot decide.
 */
export const REPAIR: Policy = {
  trigger: 'repair',
  // A Worker's request has 1,000 subrequests on some plans, and the database needs some.
  budget: { callsMax: 800, lastsMs: 20_000, slowMs: 5_000, ignoresOutage: true },
  sweep: TO_THE_END,
  alone: 'all',
  isThorough: true,
};

/**
 * Behind an answer: as a repair looks, with the calls of one reader, and more time for them,
 * because nobody waits.
 */
export const BEHIND: Policy = {
  ...REPAIR,
  trigger: 'behind',
  budget: { ...ONE.budget, lastsMs: 5_000, slowMs: 5_000 },
  sweep: { ...TO_THE_END, executionsMin: 2 },
};

/** Whether MLflow answers at all: pages of experiments. */
export const PROBE: BudgetLimits = { callsMax: 20, lastsMs: 5_000, slowMs: 0, ignoresOutage: true };
