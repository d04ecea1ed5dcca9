import type { RunShape } from './lineage-lookup.table.ts';
import { instantPattern, type ExecutionId } from './execution-id.ts';
import { SHAPE_FIELD } from './match-run.ts';

/**
 * MLflow unescapes nothing in a quoted value, so it is quoted with the delimiter that it does not
 * hold. Null: it holds both, and no filter can ask for it.
 */
export function quoted(value: string): string | null {
  if (!value.includes("'")) return `'${value}'`;
  return value.includes('"') ? null : `"${value}"`;
}

/** Why an execution cannot be asked for, or null. */
export function refusal({ text }: Pick<ExecutionId, 'text'>): string | null {
  return quoted(text) === null
    ? 'The execution_id holds both kinds of quotation marks, which no MLflow filter can ask for.'
    : null;
}

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

/** `_` stands for any one character, also for a quotation mark that could not be written. */
function commonPattern(texts: readonly string[]): string {
  const [first = ''] = texts;
  const characters = [...first];
  const isOneLength = texts.every((text) => [...text].length === characters.length);
  let pattern = '';
  for (const [i, character] of characters.entries()) {
    const isCommon = texts.every((text) => [...text][i] === character);
    if (!isCommon && !isOneLength) break;
    pattern += isCommon && !/['"\\%]/.test(character) ? character : '_';
  }
  return isOneLength ? pattern : `${pattern}%`;
}

/** MLflow's LIKE: `%` any characters, `_` any one. */
function likeMatches(pattern: string, text: string): boolean {
  const source = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's').test(text);
}
