import { expect } from 'vitest';
import { chartArtifact } from './bars.ts';
import { BUCKET, type Stack } from './stack.ts';

/** What `POST /api/verify` says of a PNG. */
export interface Verification {
  verdict: string;
  detail: string;
  chunks: { chunk: string; message: string }[];
  label: {
    state: string;
    differences: { field: string; claimed: unknown; actual: unknown }[];
    problems: { field: string }[];
  };
  renders: { render_key: string; symbol: string }[];
  artifacts: { artifact_id: number }[];
  claimed: { render: { render_key: string }; artifacts: { artifact_id: number }[] } | null;
  changes: {
    comparable: boolean;
    pixels: number | null;
    regions: Record<string, unknown>[];
    regions_omitted: number;
  } | null;
}

/** Posts a chart and gives its id. */
export async function postChart(
  stack: Stack,
  bars: unknown,
  more: Record<string, unknown> = {},
): Promise<number> {
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(bars, more));
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

export const image = (
  stack: Stack,
  id: number,
  headers: Record<string, string> = {},
  query = '',
): Promise<Response> => stack.fetch(`/api/artifacts/${id}/image${query}`, { headers });

export const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

/** Status, and what an image answer says of itself. */
export const named = (response: Response) => [
  response.status,
  response.headers.get('x-chart-source'),
  response.headers.get('x-chart-freshness'),
];

/** Points a row at a key and puts bytes there. */
export async function attach(
  stack: Stack,
  id: number,
  key: string,
  bytes: Uint8Array<ArrayBuffer> | null,
  metadata: Record<string, string> = {},
) {
  if (bytes !== null)
    await stack.store.put({ bucket: BUCKET, key }, bytes, { contentType: 'image/png', metadata });
  await stack.send('PATCH', `/api/artifacts/${id}`, {
    chart_data: { minio_url: `${stack.s3.url}/${BUCKET}/${key}` },
  });
}

export const sendPng = (
  stack: Stack,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  stack.fetch('/api/verify', {
    method: 'POST',
    headers: { 'content-type': 'image/png', ...headers },
    body: bytes,
  });

export async function verify(stack: Stack, bytes: Uint8Array<ArrayBuffer>): Promise<Verification> {
  const response = await sendPng(stack, bytes);
  expect(response.status).toBe(200);
  return (await response.json()) as Verification;
}
