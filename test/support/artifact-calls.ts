import { expect } from 'vitest';
import type { Stack } from './stack.ts';

/** An artifact as the API writes it, as far as suites look into it. */
export interface ArtifactWire {
  id: number;
  chart_data: Record<string, unknown> | null;
  metadata: { market_data_snapshot: Record<string, unknown> };
  [name: string]: unknown;
}

export interface ProblemWire {
  code: string;
  errors?: { field: string; message: string }[];
}

export async function created(
  stack: Stack,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<ArtifactWire> {
  const response = await stack.send('POST', '/api/artifacts', body, headers);
  expect(response.status).toBe(201);
  return (await response.json()) as ArtifactWire;
}

export async function read(stack: Stack, id: number): Promise<ArtifactWire> {
  return (await (await stack.fetch(`/api/artifacts/${id}`)).json()) as ArtifactWire;
}

/** Status, code and the fields that are named. */
export async function problem(response: Response) {
  const { code, errors } = (await response.json()) as ProblemWire;
  return [response.status, code, errors?.map((error) => error.field)];
}
