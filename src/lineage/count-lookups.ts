import type { Metrics } from '../observability/metrics.ts';
import type { Completion } from './complete-runs.ts';
import type { Resolution } from './resolution.ts';

/** Counts what became of each execution or run that was to be looked up. */
export function countLookups(
  metrics: Metrics,
  trigger: 'read' | 'page' | 'repair',
  outcomes: Iterable<Resolution | Completion>,
): void {
  for (const one of outcomes)
    metrics.count('lineage_lookup', { trigger, outcome: lookupOutcome(one) });
}

/** `left`: nobody was asked, because it was not its time or MLflow, calls or time gave out. */
export function lookupOutcome(one: Resolution | Completion) {
  switch (one.kind) {
    case 'linked':
      return one.source === 'sibling' ? 'sibling' : 'linked';
    case 'completed':
      return 'linked';
    case 'missed':
      return one.miss.status;
    case 'changed':
    case 'left':
      return one.kind;
  }
}
