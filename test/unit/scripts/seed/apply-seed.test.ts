import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applySeed, type SeedTarget } from '../../../../scripts/seed/apply-seed.ts';
import { openRenderer } from '../../../../scripts/seed/open-renderer.ts';
import { seedArtifacts } from '../../../../scripts/seed/seed-artifacts.ts';
import { createDatabase } from '../../../../src/storage/database.ts';
import { createS3ObjectStore } from '../../../../src/storage/s3-object-store.ts';
import type { LocalServer } from '../../../../stand-in/listen.ts';
import { startMlflowServer } from '../../../../stand-in/mlflow/server.ts';
import { startS3Server } from '../../../../stand-in/s3/server.ts';
import type { PgliteBackend } from '../../../../stand-in/sql/pglite-backend.ts';
import { startSqlEndpoint } from '../../../../stand-in/sql/server.ts';
import { giveBackPglite, openPglite } from '../../../support/open-pglite.ts';

describe('npm run seed', () => {
  let directory: string;
  let backend: PgliteBackend;
  let servers: LocalServer[];
  let target: SeedTarget;
  let mlflow: LocalServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chartproof-seed-'));
    const keys = { accessKey: 'seed-key', secretKey: 'seed-secret' };
    const s3 = await startS3Server({
      directory,
      host: '127.0.0.1',
      port: 0,
      ...keys,
      region: 'us-east-1',
      buckets: ['trading-charts'],
    });
    backend = await openPglite();
    await backend.migrate();
    const databaseUrl = 'postgresql://a:b@127.0.0.1/c';
    const sql = await startSqlEndpoint({ backend, host: '127.0.0.1', port: 0, databaseUrl });
    mlflow = await startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 });
    servers = [s3, sql, mlflow];
    target = {
      database: createDatabase({ databaseUrl, httpEndpoint: sql.url }),
      store: createS3ObjectStore({
        endpoint: s3.url,
        region: 'us-east-1',
        accessKeyId: keys.accessKey,
        secretAccessKey: keys.secretKey,
        buckets: ['trading-charts'],
      }),
      bucket: 'trading-charts',
      publicEndpoint: 'http://localhost:9000',
      mlflow: { trackingUri: mlflow.url },
      renderer: openRenderer,
      say: () => {},
    };
    await backend.pglite.query(
      "insert into artifacts (id, name, type) values (5, 'somebody else’s', 'llm')",
    );
  });
  async function everything() {
    const { rows } = await backend.pglite.query(
      'select a, r, last_value from artifacts a left join artifact_render r on r.artifact_id = a.id, artifacts_id_seq order by a.id',
    );
    return rows;
  }
  afterAll(async () => {
    for (const server of servers) await server.close();
    await giveBackPglite(backend);
    await rm(directory, { recursive: true, force: true });
  });

  it('adds everything but what is somebody else’s, then nothing more', async () => {
    const count = seedArtifacts().length;
    expect(await applySeed(target)).toEqual({
      added: count - 1,
      addedRuns: 3,
      kept: 0,
      restored: [],
      skipped: [5],
    });
    await backend.pglite.query("update artifacts set chart_data = '{}' where id = 24");
    const before = await everything();
    expect(await applySeed(target)).toEqual({
      added: 0,
      addedRuns: 0,
      kept: count - 1,
      restored: [],
      skipped: [5],
    });
    expect(await everything()).toEqual(before);
    const { rows } = await backend.pglite.query(
      'select id, name, chart_data, run_id from artifacts where id in (5, 24) order by id',
    );
    expect(rows).toMatchObject([{ name: 'somebody else’s' }, { chart_data: {}, run_id: null }]);
  });

  it('makes a run that nobody may read, and names it in row 23', async () => {
    const { rows } = await backend.pglite.query<{ run_id: string }>(
      'select run_id from artifacts where id = 23',
    );
    const response = await fetch(`${mlflow.url}/api/2.0/mlflow/runs/get?run_id=${rows[0]?.run_id}`);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error_code: 'PERMISSION_DENIED' });
  });

  it('completes a run that a killed seed left half made', async () => {
    const ask = async <T>(path: string, body: object): Promise<T> => {
      const response = await fetch(`${mlflow.url}/api/2.0/mlflow/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return (await response.json()) as T;
    };
    const { experiments } = await ask<{ experiments: { experiment_id: string }[] }>(
      'experiments/search',
      {
        max_results: 1,
        filter: "name = 'Trading signals'",
      },
    );
    const search = {
      experiment_ids: [experiments[0]?.experiment_id],
      filter: "tags.`chartproof.seed` = 'param'",
    };
    type Found = {
      runs: { info: { run_id: string; status: string }; data: { params: { key: string }[] } }[];
    };
    const whole = (await ask<Found>('runs/search', search)).runs[0]?.info.run_id;
    await ask('runs/delete', { run_id: whole });
    const tags = [{ key: 'chartproof.seed', value: 'param' }];
    await ask('runs/create', { experiment_id: search.experiment_ids[0], start_time: 1, tags });
    expect((await applySeed(target)).addedRuns).toBe(1);
    const { runs } = await ask<Found>('runs/search', search);
    expect(runs.map(({ info, data }) => [info.status, data.params.map(({ key }) => key)])).toEqual([
      ['FINISHED', ['execution_date', 'symbol']],
    ]);
    expect((await applySeed(target)).addedRuns).toBe(0);
  });

  it('says in one line that MLflow is not there', async () => {
    const away = { ...target, mlflow: { trackingUri: 'http://127.0.0.1:9' } };
    await expect(applySeed(away)).rejects.toThrow(
      /^MLflow at http:\/\/127\.0\.0\.1:9 cannot be reached/,
    );
  });

  it('puts back objects that rows of its own still name', async () => {
    const at = (key: string) => ({ bucket: 'trading-charts', key });
    const { rows } = await backend.pglite.query<{ path: string }>(
      'select image_path as path from artifacts where id = 1',
    );
    const rendered = at(rows[0]?.path.split('/trading-charts/')[1] ?? '');
    const bytes = (await target.store.get(rendered))?.bytes;
    for (const ref of [rendered, at('seed/attached.png'), at('seed/unverified.png')]) {
      expect(await target.store.head(ref)).not.toBeNull();
      await target.store.delete(ref);
    }
    // The product has redrawn 8 meanwhile: its row names another object.
    await backend.pglite.query(
      `update artifacts set chart_data = chart_data || '{"minio_url": "http://localhost:9000/trading-charts/charts/new.png"}' where id = 8`,
    );
    expect((await applySeed(target)).restored).toEqual([1, 2]);
    expect((await target.store.get(rendered))?.bytes).toEqual(bytes);
    expect(await target.store.head(at('seed/unverified.png'))).toBeNull();
  });

  it('overwrites no object that lies under a name of its own', async () => {
    const ref = { bucket: 'trading-charts', key: 'seed/attached.png' };
    await backend.pglite.query('delete from artifacts where id = 2');
    await target.store.put(ref, new Uint8Array([1, 2, 3]), { contentType: 'image/png' });
    expect(await applySeed(target)).toMatchObject({ added: 1, restored: [] });
    expect((await target.store.get(ref))?.byteSize).toBe(3);
  });

  it('keeps a chart that is older than its bars older, when it is put back', async () => {
    await backend.pglite.query('delete from artifacts where id = 5');
    expect(await applySeed(target)).toMatchObject({ added: 1, skipped: [] });
    const ref = { bucket: 'trading-charts', key: 'seed/stale-by-age.png' };
    await target.store.delete(ref);
    await backend.pglite.query(
      `update artifacts set artifact_metadata = jsonb_set(artifact_metadata, '{market_data_snapshot,fetched_at}', '"2013-03-02T06:00:00Z"') where id = 5`,
    );
    expect(await applySeed(target)).toMatchObject({ restored: [5] });
    const uploadedAt = (await target.store.head(ref))?.lastModified?.getTime() ?? Number.NaN;
    const { rows } = await backend.pglite.query<{ at: string }>(
      "select artifact_metadata #>> '{market_data_snapshot,fetched_at}' as at from artifacts where id = 5",
    );
    expect(Date.parse(rows[0]?.at ?? '')).toBeGreaterThan(uploadedAt);
  });

  it('lets the next artifact have the next id', async () => {
    const { rows } = await backend.pglite.query<{ id: number }>(
      "insert into artifacts (name, type) values ('next', 'llm') returning id",
    );
    expect(rows[0]?.id).toBeGreaterThan(24);
  });
});
