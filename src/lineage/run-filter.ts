import { commonPattern, likeMatches, quoted } from '../mlflow/mlflow-filters.ts';
import { instantPattern, type ExecutionId } from './execution-id.ts';
import type { RunShape } from './lineage-lookup.table.ts';
import { SHAPE_FIELD } from './match-run.ts';

/**
 * The filters that find the runs of one execution by one tag or parameter. An instant is asked for
 * by a pattern that all its usual texts match; a text that the pattern would miss (another zone) is
 * asked for as it is, too.
 */
export function executionFilters(id: ExecutionId, shape: RunShape): string[] {
  const field = SHAPE_FIELD[shape];
  const exact = `${field} = ${quoted(id.text) ?? "''"}`;
  if (id.instant === null) return [exact];
  const pattern = instantPattern(id.instant);
  const like = `${field} LIKE '${pattern}'`;
  return likeMatches(pattern, id.text) ? [like] : [exact, like];
}

/** The filters that find the runs of workflows, in both ways in which runs name theirs. */
export function workflowFilters(workflows: readonly string[]): string[] {
  return workflows.flatMap((name) => {
    const value = quoted(name);
    return value === null ? [] : [`tags.workflow_id = ${value}`, `tags.airflow_dag_id = ${value}`];
  });
}

/**
 * One filter that finds the runs of many executions, and some others: what their texts have in
 * common, position by position, with `_` for the rest. Null: they have nothing in common, so it
 * would find everything.
 */
export function sweepFilter(
  ids: readonly ExecutionId[],
  shape: RunShape,
  workflow: string | null,
): string | null {
  const cores = ids.map(({ instant, text }) =>
    instant === null ? text : instantPattern(instant).slice(1, 1 + 'YYYY-MM-DD_HH:MM:SS'.length),
  );
  const areInstants = ids.every(({ instant }) => instant !== null);
  const common = commonPattern(cores);
  const like = `${SHAPE_FIELD[shape]} LIKE '${areInstants ? `%${common}%` : common}'`;
  const named = workflow === null ? null : quoted(workflow);
  if (named === null && common === '%') return null;
  return named === null ? like : `tags.workflow_id = ${named} and ${like}`;
}
