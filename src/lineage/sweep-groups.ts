import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import type { ExecutionContext } from './execution-context.ts';
import type { ExecutionId } from './execution-id.ts';
import type { RunShape } from './lineage-lookup.table.ts';
import { idsOf, orderedShapes } from './match-run.ts';
import type { ExecutionSubject } from './subject.ts';

const START_EARLIEST_MS = 3_600_000;
const START_LATEST_MS = 8 * 86_400_000;

/** Executions that are asked for in one way. */
export interface SweepGroup {
  readonly shape: RunShape;
  readonly subjects: readonly ExecutionSubject[];
}

/**
 * By the way in which each is to be asked for as the nth, and by the kind of their ids; the largest
 * first.
 */
export function groupsOf(
  executions: ReadonlyMap<ExecutionSubject, Pick<ExecutionContext, 'usualShapes'>>,
  nth: number,
): SweepGroup[] {
  const groups = new Map<string, { shape: RunShape; subjects: ExecutionSubject[] }>();
  for (const [subject, { usualShapes }] of executions) {
    const shape = orderedShapes(usualShapes)[nth] ?? 'execution_id';
    // Instants have something in common with instants, other texts with other texts.
    const key = `${shape} ${subject.id.instant === null}`;
    const group = groups.get(key) ?? { shape, subjects: [] };
    group.subjects.push(subject);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((a, b) => b.subjects.length - a.subjects.length);
}

/** Milliseconds since 1970. */
export interface StartWindow {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * When runs of these instants usually start: soon after, and in order. A scheduled run starts an
 * interval after its date, so sparse workflows need the days behind it, and dense ones have their
 * runs in front. Runs of a backfill lie elsewhere. Null: none of them is an instant.
 */
export function startWindow(ids: readonly Pick<ExecutionId, 'instant'>[]): StartWindow | null {
  const instants = ids.flatMap(({ instant }) =>
    instant === null ? [] : [Number(instant / 1000n)],
  );
  if (instants.length === 0) return null;
  return {
    fromMs: Math.min(...instants) - START_EARLIEST_MS,
    untilMs: Math.max(...instants) + START_LATEST_MS,
  };
}

/** The one workflow_id that runs of all of them are expected to have, or null. */
export function soleWorkflow(subjects: readonly ExecutionSubject[]): string | null {
  const names = new Set(subjects.map(({ workflow }) => workflow));
  const [name] = names;
  return names.size === 1 && name !== undefined && name !== '' ? name : null;
}

/**
 * The executions that a run may belong to, so that not every run is compared with every execution.
 */
export function candidatesAmong(
  subjects: readonly ExecutionSubject[],
): (run: MlflowRun) => Iterable<ExecutionSubject> {
  const byName = new Map<string, ExecutionSubject[]>();
  const namesOf = ({ text, instant }: ExecutionId) =>
    instant === null ? [text] : [text, `${instant}`];
  for (const subject of subjects) {
    for (const name of namesOf(subject.id))
      byName.set(name, [...(byName.get(name) ?? []), subject]);
  }
  return (run) =>
    new Set(idsOf(run).flatMap(({ id }) => namesOf(id).flatMap((name) => byName.get(name) ?? [])));
}
