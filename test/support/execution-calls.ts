import { expect } from 'vitest';
import type { Stack } from './stack.ts';

export interface Artifact {
  id: number;
  type: string;
  metadata: unknown;
  lineage: Lineage;
}

export interface Lineage {
  status: string;
  reason: string | null;
}

export interface Group {
  workflow_id: string | null;
  execution_id: string | null;
  dag_id: string | null;
  first_at: string;
  last_at: string;
  counts: Record<string, number>;
  symbols: string[];
  artifacts: Artifact[];
  run_id: string | null;
  experiment_id: string | null;
  lineage: Lineage;
  links: Record<string, string | null>;
}

export interface Grouped {
  groups: Group[];
  grouped: Record<string, Artifact[]>;
  group_count: number;
  total: number;
  next_cursor: string | null;
}

export interface Executions {
  executions: Group[];
  total: number;
  next_cursor: string | null;
}

export type Row = Partial<
  Record<
    | 'name'
    | 'type'
    | 'symbol'
    | 'workflow_id'
    | 'execution_id'
    | 'dag_id'
    | 'run_id'
    | 'experiment_id'
    | 'at',
    string | null
  >
>;

/** Writes rows in this order; `at` is the time of 2025-11-15. Returns their ids. */
export async function put(stack: Stack, ...rows: Row[]): Promise<number[]> {
  const inserted = await stack.query<{ id: number }>(
    `insert into artifacts (name, type, symbol, workflow_id, execution_id, dag_id, run_id, experiment_id, created_at, artifact_metadata)
     select coalesce(name, 'x'), coalesce(type, 'llm'), symbol, workflow_id, execution_id, dag_id, run_id, experiment_id,
       ('2025-11-15 ' || coalesce(at, '12:00') || '+00')::timestamptz, '{"market_data_snapshot":{"bar_count":1,"bars":[1]}}'
     from jsonb_to_recordset($1::text::jsonb) as r(name text, type text, symbol text, workflow_id text, execution_id text,
       dag_id text, run_id text, experiment_id text, at text) returning id`,
    [JSON.stringify(rows)],
  );
  return inserted.map(({ id }) => id);
}

export async function grouped(stack: Stack, query = ''): Promise<Grouped> {
  const response = await stack.fetch(`/api/artifacts?group_by=execution_id${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return (await response.json()) as Grouped;
}

export async function executions(stack: Stack, query = ''): Promise<Executions> {
  const response = await stack.fetch(`/api/executions?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return (await response.json()) as Executions;
}

export async function execution(stack: Stack, id: string, query = ''): Promise<Group> {
  const response = await stack.fetch(`/api/executions/${encodeURIComponent(id)}${query}`);
  expect([id, response.status]).toEqual([id, 200]);
  return (await response.json()) as Group;
}

export async function refusal(stack: Stack, path: string): Promise<unknown[]> {
  const response = await stack.fetch(path);
  const { errors } = (await response.json()) as { errors?: { field: string }[] };
  return [response.status, errors?.map(({ field }) => field)];
}

export const idsOf = (artifacts: readonly Artifact[]) => artifacts.map(({ id }) => id);
