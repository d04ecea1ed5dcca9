import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applySeed, type SeedReport, type SeedTarget } from '../../scripts/seed/apply-seed.ts';
import { openRenderer } from '../../scripts/seed/open-renderer.ts';
import { seedArtifacts } from '../../scripts/seed/seed-artifacts.ts';
import { createDatabase } from '../../src/storage/database.ts';
import type { LocalServer } from '../../stand-in/listen.ts';
import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';

/** What docs/seed.md says of each row. */
interface SeedRow {
  readonly id: number;
  readonly shows: string;
  readonly status: number;
  /** X-Chart-Freshness, or the code of the problem. */
  readonly said: string;
}

const page = await readFile(new URL('../../docs/seed.md', import.meta.url), 'utf8');
const documented: SeedRow[] = [
  ...page.matchAll(/^\| (\d+) +\| (.+?) +\| (\d{3}) `(\w+)`.*\|$/gm),
].map(([, id, shows = '', status, said = '']) => ({
  id: Number(id),
  shows,
  status: Number(status),
  said,
}));

describe('the seed', () => {
  let stack: Stack;
  let mlflow: LocalServer;
  let target: SeedTarget;
  let report: SeedReport;

  beforeAll(async () => {
    mlflow = await startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 });
    stack = await startStack({
      MLFLOW_TRACKING_URI: mlflow.url,
      MINIO_PUBLIC_ENDPOINT: 'http://localhost:9000',
    });
    target = {
      database: createDatabase(stack.database),
      store: stack.store,
      bucket: BUCKET,
      publicEndpoint: 'http://localhost:9000',
      mlflow: { trackingUri: mlflow.url },
      renderer: openRenderer,
      say: () => {},
    };
    report = await applySeed(target);
  });
  afterAll(async () => {
    await stack.close();
    await mlflow.close();
  });

  it('is documented row by row', () => {
    expect(report).toMatchObject({
      added: seedArtifacts().length,
      addedRuns: 3,
      skipped: [],
      restored: [],
    });
    expect(documented.map(({ id }) => id)).toEqual(
      seedArtifacts()
        .map(({ id }) => id)
        .toSorted((a, b) => a - b),
    );
  });

  it.each(documented)('$id, $shows: $status $said', async ({ id, status, said }) => {
    const response = await stack.fetch(`/api/artifacts/${id}/image`);
    const freshness = response.headers.get('x-chart-freshness');
    const code = status === 200 ? freshness : ((await response.json()) as { code: string }).code;
    expect([response.status, code]).toEqual([status, said]);
    if (status !== 200) return;
    const again = await stack.fetch(`/api/artifacts/${id}/image`);
    expect(again.headers.get('x-chart-freshness')).toBe(said === 'regenerated' ? 'verified' : said);
    expect(Buffer.from(await again.arrayBuffer())).toEqual(
      Buffer.from(await response.arrayBuffer()),
    );
  });

  it.each([
    [24, 'linked', 'mlflow', null],
    [20, 'linked', 'stored', null],
    [25, 'linked', 'mlflow', null],
    [26, 'linked', 'mlflow', null],
    [22, 'unresolved', null, 'names no execution_id'],
    [23, 'unavailable', 'stored', 'does not permit this account'],
    [27, 'pending', null, 'No run of this execution was found'],
  ] as const)('%i is %s on its first read', async (id, status, source, reason) => {
    const response = await stack.fetch(`/api/artifacts/${id}`);
    const { lineage, links, run_id } = (await response.json()) as {
      run_id: string | null;
      lineage: { status: string; source: string | null; reason: string | null };
      links: { mlflow_run: string | null };
    };
    expect(lineage).toMatchObject({ status, source });
    if (reason === null) {
      expect(links.mlflow_run).toContain(`/runs/${run_id}`);
      expect((await fetch(links.mlflow_run ?? '')).status).toBe(200);
    } else expect(lineage.reason).toContain(reason);
  });

  it('adds nothing the second time', async () => {
    const rows = () => stack.query('select * from artifacts order by id');
    const before = await rows();
    expect(await applySeed(target)).toMatchObject({
      added: 0,
      addedRuns: 0,
      restored: [],
      skipped: [],
    });
    expect(await rows()).toEqual(before);
  });
});
