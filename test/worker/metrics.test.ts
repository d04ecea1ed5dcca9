import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { startTokenIssuer } from '../../stand-in/tokens/server.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { parsePrometheusText, type ParsedFamily } from '../support/prometheus-text.ts';
import { BUCKET, SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

const bearer = { authorization: `Bearer ${SERVICE_TOKEN}` };
let directory: string;
let issuer: Awaited<ReturnType<typeof startTokenIssuer>>;
let mlflow: Server;
let stack: Stack;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-tokens-'));
  issuer = await startTokenIssuer({
    directory,
    host: '127.0.0.1',
    port: 0,
    issuer: 'http://issuer.test',
    audience: 'chartproof',
  });
  // An MLflow that has nothing: one experiment without runs.
  mlflow = createServer((request, response) => {
    const body = request.url?.includes('experiments')
      ? { experiments: [{ experiment_id: '1' }] }
      : { runs: [] };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => mlflow.listen(0, '127.0.0.1', resolve));
  stack = await startStack({
    JWT_ISSUER: 'http://issuer.test',
    JWT_AUDIENCE: 'chartproof',
    JWKS_URL: `${issuer.url}/.well-known/jwks.json`,
    MLFLOW_TRACKING_URI: `http://127.0.0.1:${(mlflow.address() as AddressInfo).port}`,
  });
});
afterAll(async () => {
  await stack.close();
  await issuer.close();
  mlflow.closeAllConnections();
  mlflow.close();
  await rm(directory, { recursive: true, force: true });
});

type Families = Map<string, ParsedFamily>;

async function scrape(): Promise<Families> {
  const response = await stack.fetch('/metrics', { headers: bearer });
  expect(response.status).toBe(200);
  return parsePrometheusText(await response.text());
}

function valueOf(
  families: Families,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const family = name.replace(/_(bucket|sum|count)$/, '');
  const samples = (families.get(name) ?? families.get(family))?.samples ?? [];
  return samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )?.value;
}

/** How much a series rose while `work` was done; what is not there yet counts as 0. */
async function rise(work: () => Promise<unknown>) {
  const before = await scrape();
  await work();
  const after = await scrape();
  return (name: string, labels: Record<string, string> = {}) =>
    (valueOf(after, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0);
}

/**
 * The next to ask takes a new snapshot, and what was drawn up to now is old enough to be counted.
 */
async function aMinuteLater(): Promise<void> {
  await stack.query(`update metric_snapshot set next_at = now() - interval '1 second',
    ledger_until = ledger_until - interval '11 seconds'`);
  await stack.query("update chart_render set created_at = created_at - interval '11 seconds'");
  await stack.query("update chart_render set updated_at = updated_at - interval '11 seconds'");
  await stack.query("update artifact_render set created_at = created_at - interval '11 seconds'");
}

async function post(body: unknown): Promise<number> {
  const response = await stack.send('POST', '/api/artifacts', body);
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

async function userToken(scope: string): Promise<string> {
  const response = await fetch(`${issuer.url}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sub: 'ada', scope }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

describe('who may read /metrics', () => {
  it('is asked for a credential, and told what its token lacks', async () => {
    const anonymous = await stack.fetch('/metrics');
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="chartproof"',
    ]);
    const writer = { authorization: `Bearer ${await userToken('artifact:write')}` };
    const refused = await stack.fetch('/metrics', { headers: writer });
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'forbidden' }]);
    const reader = { authorization: `Bearer ${await userToken('metrics:read')}` };
    const response = await stack.fetch('/metrics', { headers: reader });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    parsePrometheusText(await response.text());
  });

  it('is in the OpenAPI document', async () => {
    const { paths } = (await (await stack.fetch('/openapi.json')).json()) as {
      paths: Record<string, object>;
    };
    expect(Object.keys(paths)).toContain('/metrics');
  });
});

describe('counters', () => {
  it('rise with pictures, by where they came from and what is known of them', async () => {
    const id = await post(chartArtifact(makeBars(60, 1)));
    const path = `/api/artifacts/${id}/image`;
    const by = await rise(async () => {
      const first = await stack.fetch(path);
      expect(first.headers.get('x-chart-source')).toBe('rendered');
      const etag = first.headers.get('etag') ?? '';
      expect((await stack.fetch(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
      await stack.fetch('/api/artifacts/999999999/image');
      await stack.fetch('/nothing/here');
    });
    expect(
      by('chartproof_images_served_total', { source: 'rendered', freshness: 'regenerated' }),
    ).toBe(1);
    expect(by('chartproof_images_served_total', { source: 'edge', freshness: 'verified' })).toBe(1);
    const route = '/api/artifacts/:id/image';
    const requests = (labels: Record<string, string>) =>
      by('chartproof_http_requests_total', labels);
    expect(requests({ route, method: 'GET', status: '2xx' })).toBe(1);
    expect(requests({ route, method: 'GET', status: '3xx' })).toBe(1);
    expect(requests({ route, method: 'GET', status: '4xx' })).toBe(1);
    expect(requests({ route: '*', method: 'GET', status: '4xx' })).toBe(1);
    expect(by('chartproof_problems_total', { code: 'not_found' })).toBe(2);
    expect(requests({ route: '/metrics', method: 'GET', status: '2xx' })).toBe(1);
  });

  it('rise with draws, once each, from the ledger', async () => {
    await aMinuteLater();
    const id = await post(chartArtifact(makeBars(60, 2)));
    const by = await rise(async () => {
      await stack.fetch(`/api/artifacts/${id}/image`);
      await aMinuteLater();
      await scrape();
      await aMinuteLater();
    });
    expect(by('chartproof_renders_total', { reason: 'missing' })).toBe(1);
    expect(by('chartproof_render_duration_seconds_count')).toBe(1);
    expect(by('chartproof_render_duration_seconds_bucket', { le: '+Inf' })).toBe(1);
    expect(by('chartproof_render_duration_seconds_sum')).toBeGreaterThan(0);
    // Deleting what was drawn takes nothing back.
    const deleted = await rise(async () => {
      expect((await stack.send('DELETE', `/api/artifacts/${id}`)).status).toBe(204);
      await aMinuteLater();
    });
    expect(deleted('chartproof_renders_total', { reason: 'missing' })).toBe(0);
    expect(deleted('chartproof_render_duration_seconds_count')).toBe(0);
  });

  it('rise with unverified pictures and with verdicts', async () => {
    const id = await post(chartArtifact(makeBars(60, 3)));
    const png = new Uint8Array(
      await (await stack.fetch(`/api/artifacts/${id}/image`)).arrayBuffer(),
    );
    const other = await post(chartArtifact(makeBars(60, 4)));
    await stack.store.put({ bucket: BUCKET, key: 'plain.png' }, withoutLabel(png), {
      contentType: 'image/png',
    });
    await stack.send('PATCH', `/api/artifacts/${other}`, {
      chart_data: { minio_url: `s3://${BUCKET}/plain.png` },
    });
    const by = await rise(async () => {
      await stack.fetch(`/api/artifacts/${other}/image`);
      await stack.fetch(`/api/artifacts/${other}/verify`);
      const verdict = await stack.fetch('/api/verify', {
        method: 'POST',
        headers: { 'content-type': 'image/png' },
        body: png,
      });
      expect(await verdict.json()).toMatchObject({ verdict: 'verified' });
    });
    expect(by('chartproof_images_served_total', { source: 'store', freshness: 'unverified' })).toBe(
      1,
    );
    expect(
      by('chartproof_image_verifications_total', { of: 'artifact', verdict: 'unverified' }),
    ).toBe(1);
    expect(by('chartproof_image_verifications_total', { of: 'file', verdict: 'verified' })).toBe(1);
  });

  it('rise with look-ups and repairs, by outcome', async () => {
    await stack.query('delete from artifacts');
    const id = await post({
      name: 'Analysis',
      type: 'llm',
      workflow_id: 'wf',
      execution_id: 'execution 1',
    });
    const read = await rise(() => stack.fetch(`/api/artifacts/${id}`));
    expect(read('chartproof_lineage_lookups_total', { trigger: 'read', outcome: 'pending' })).toBe(
      1,
    );
    const repaired = await rise(async () => {
      const answer = await stack.send('POST', '/api/lineage/repair');
      expect(await answer.json()).toMatchObject({ finished: true, checked: 1, linked: [] });
    });
    expect(
      repaired('chartproof_lineage_lookups_total', { trigger: 'repair', outcome: 'pending' }),
    ).toBe(1);
    expect(
      repaired('chartproof_lineage_repairs_total', { trigger: 'request', outcome: 'finished' }),
    ).toBe(1);
    expect(repaired('chartproof_lineage_repaired_artifacts_total')).toBe(0);
  });
});

describe('the snapshot', () => {
  it('counts artifacts by type and status, and tells how old the oldest unlinked one is', async () => {
    await stack.query('delete from artifacts');
    await stack.query(`insert into artifacts (name, type, run_id, experiment_id, execution_id, created_at) values
      ('linked', 'chart', 'r', '1', 'e', now() - interval '9 days'),
      ('open', 'llm', null, null, 'e2', now() - interval '2 hours'),
      ('open', 'llm', '', null, 'e3', now() - interval '1 hour'),
      ('nameless', 'signal', null, null, null, '-infinity'),
      ('nameless', 'something "else"\n', null, '', '', now() + interval '1 year')`);
    await aMinuteLater();
    const families = await scrape();
    const artifacts = (type: string, lineage: string) =>
      valueOf(families, 'chartproof_artifacts', { type, lineage });
    expect(artifacts('chart', 'linked')).toBe(1);
    expect(artifacts('llm', 'pending')).toBe(2);
    expect(artifacts('signal', 'unresolved')).toBe(1);
    expect(artifacts('other', 'unresolved')).toBe(1);
    expect(artifacts('llm', 'unavailable')).toBe(0);
    const age = (lineage: string) =>
      valueOf(families, 'chartproof_oldest_unlinked_artifact_age_seconds', { lineage });
    expect(age('pending')).toBeGreaterThanOrEqual(7_200);
    expect(age('pending')).toBeLessThan(8_000);
    expect(age('unresolved')).toBe(0);
    expect(age('unavailable')).toBe(0);
    expect(valueOf(families, 'chartproof_snapshot_age_seconds')).toBeLessThan(60);
  });

  it('is taken by one of those who ask at once, and then not for a minute', async () => {
    await aMinuteLater();
    const [{ before }] = (await stack.query<{ before: string }>(
      'select taken_at::text as before from metric_snapshot',
    )) as [{ before: string }];
    await Promise.all(Array.from({ length: 8 }, () => scrape()));
    const [first] = await stack.query('select taken_at::text as taken from metric_snapshot');
    expect(first).not.toEqual({ taken: before });
    await stack.query("insert into artifacts (name, type) values ('later', 'chart')");
    const later = await scrape();
    expect(await stack.query('select taken_at::text as taken from metric_snapshot')).toEqual([
      first,
    ]);
    expect(valueOf(later, 'chartproof_artifacts', { type: 'chart', lineage: 'unresolved' })).toBe(
      0,
    );
  });

  it('is not put off by rows that hold anything', async () => {
    await stack.query(`insert into metric_counter (name, labels, value) values
      ('http_request', '[1]', 3), ('http_request', 'null', 3), ('problem', '{"code": "made_up"}', 1),
      ('draw_failed', '{}', 'NaN'), ('client_gone', '{}', 'Infinity'), ('unheard of', '{"a": {"b": 1}}', -1)`);
    await stack.query(`update metric_snapshot set took_ms = null, facts = '[null, 3, {"type": 1}, {"type": "chart",
      "lineage": "linked", "artifacts": 7, "oldest": "soon"}, {"type": "\\u0041", "lineage": "x", "artifacts": 1e300}]'`);
    const families = await scrape();
    expect(valueOf(families, 'chartproof_artifacts', { type: 'chart', lineage: 'linked' })).toBe(7);
    expect(valueOf(families, 'chartproof_draws_failed_total')).toBe(0);
    expect(valueOf(families, 'chartproof_clients_gone_total')).toBe(0);
    await stack.query(`update metric_snapshot set facts = '"nothing"'`);
    expect(
      valueOf(await scrape(), 'chartproof_artifacts', { type: 'chart', lineage: 'linked' }),
    ).toBe(0);
  });
});

describe('without a database', () => {
  beforeEach(() => stack.emptyEdge());

  it('says that it is down, and counts what happens meanwhile', async () => {
    const by = await rise(async () => {
      await stack.stopDatabase();
      const down = await scrape();
      expect(valueOf(down, 'chartproof_database_up')).toBe(0);
      expect([...down.keys()]).toEqual(['chartproof_database_up']);
      expect((await stack.fetch('/api/artifacts')).status).toBe(503);
      await stack.startDatabase();
    });
    expect(by('chartproof_problems_total', { code: 'database_unavailable' })).toBe(1);
    expect(by('chartproof_http_requests_total', { route: '/api/artifacts', status: '5xx' })).toBe(
      1,
    );
  });

  it('says that it is not migrated, and tells of the artifacts what it can', async () => {
    await stack.query('drop table metric_counter, metric_batch, metric_snapshot');
    await stack.query("delete from artifacts where name <> 'linked'");
    const families = await scrape();
    expect(valueOf(families, 'chartproof_database_migrated')).toBe(0);
    expect(valueOf(families, 'chartproof_database_up')).toBe(1);
    expect(valueOf(families, 'chartproof_artifacts', { type: 'chart', lineage: 'linked' })).toBe(1);
    await stack.query('drop table lineage_lookup, chart_render, artifact_render');
    await stack.emptyEdge();
    expect(
      valueOf(await scrape(), 'chartproof_artifacts', { type: 'chart', lineage: 'linked' }),
    ).toBe(1);
    await stack.query('alter table artifacts rename to elsewhere');
    await stack.emptyEdge();
    const nothing = await scrape();
    expect([...nothing.keys()]).toEqual(['chartproof_database_up', 'chartproof_database_migrated']);
    await stack.query('alter table elsewhere rename to artifacts');
  });
});
