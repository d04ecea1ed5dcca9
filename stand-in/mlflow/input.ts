import { z } from 'zod';
import { invalid } from './error.ts';

/** Body of a POST, or query of a GET; the REST API takes either form of its parameters. */
export type Input = Readonly<Record<string, unknown>>;

const MAX_RESULTS = 50_000;
export const text = z.string();
export const pairs = z
  .array(z.object({ key: z.string().min(1), value: z.coerce.string() }))
  .default([]);
export const viewType = z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY');

/** Throws what MLflow answers to parameters that are missing or wrong. */
export function parse<T>(schema: z.ZodType<T>, input: Input): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? 'request');
  throw invalid(
    input[name] === undefined
      ? `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`
      : `Invalid value ${JSON.stringify(input[name]).slice(0, 100)} for parameter '${name}' supplied: ${issue?.message}`,
  );
}

export function fromPairs(list: readonly { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value]));
}

export function isInView(
  { isDeleted }: { isDeleted: boolean },
  view: z.output<typeof viewType>,
): boolean {
  return view === 'ALL' || isDeleted === (view === 'DELETED_ONLY');
}

export function checkedMax(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= MAX_RESULTS) return value;
  throw invalid(
    value > MAX_RESULTS
      ? `Invalid value for request parameter max_results. It must be at most ${MAX_RESULTS}, but got value ${value}`
      : `Invalid value ${value} for parameter 'max_results' supplied.`,
  );
}
