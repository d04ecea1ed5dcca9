/** The language of MLflow's search filters, as far as it is the same whatever one looks for. */

/**
 * What MLflow gives as an id of a run or an experiment; nothing else is asked for, because it would
 * stand in an address and in filters.
 */
export const MLFLOW_ID = /^[a-zA-Z0-9][\w-]{0,254}$/;

/**
 * MLflow unescapes nothing in a quoted value, so it is quoted with the delimiter that it does not
 * hold. Null: it holds both, and no filter can ask for it.
 */
export function quoted(value: string): string | null {
  if (!value.includes("'")) return `'${value}'`;
  return value.includes('"') ? null : `"${value}"`;
}

/** Whether MLflow's LIKE would match: `%` is any characters, `_` any one. */
export function likeMatches(pattern: string, text: string): boolean {
  const source = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's').test(text);
}

/**
 * What texts have in common, position by position, as a LIKE pattern: `_` for what differs, and for
 * a character that could not be written; `%` behind it where their lengths differ.
 */
export function commonPattern(texts: readonly string[]): string {
  const all = texts.map((text) => [...text]);
  const [first = []] = all;
  const isOneLength = all.every((characters) => characters.length === first.length);
  let pattern = '';
  for (const [i, character] of first.entries()) {
    const isCommon = all.every((characters) => characters[i] === character);
    if (!isCommon && !isOneLength) break;
    pattern += isCommon && !/['"\\%]/.test(character) ? character : '_';
  }
  return isOneLength ? pattern : `${pattern}%`;
}

/** `IN` is allowed on run ids alone. All of them must be `MLFLOW_ID`s. */
export function runIdsFilter(runIds: readonly string[]): string {
  return `attributes.run_id IN (${runIds.map((runId) => `'${runId}'`).join(', ')})`;
}

/** Milliseconds since 1970, both included. */
export function startedBetween(fromMs: number, untilMs: number): string {
  return `attributes.start_time >= ${fromMs} and attributes.start_time <= ${untilMs}`;
}

/** Milliseconds since 1970, included. */
export function startedFrom(fromMs: number): string {
  return `attributes.start_time >= ${fromMs}`;
}
