import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts';
import { freePorts, LocalStack } from '../stack/local-stack.ts';
import {
  createLiveDatabase,
  liveStore,
  queryOnce,
  removeBucket,
} from '../support/live-services.ts';
import { liveVariable } from '../support/live-variable.ts';

interface Artifact {
  readonly run_id: string | null;
  readonly experiment_id: string | null;
  readonly lineage: { readonly status: string };
  readonly links: Readonly<Record<string, string | null>>;
}

/** `npm start` on MinIO, PostgreSQL and MLflow at once, as docs/local-development.md says. */
describe('npm start with everything real', () => {
  const bucket = `start-${randomUUID().slice(0, 8)}`;
  let directory: string;
  let database: Awaited<ReturnType<typeof createLiveDatabase>>;
  let variables: Record<string, string>;
  let stack: LocalStack;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chartproof-live-start-'));
    database = await createLiveDatabase();
    const { endpoint, region, accessKeyId, secretAccessKey } = liveStore();
    variables = {
      DATABASE_URL: database.databaseUrl,
      MINIO_ENDPOINT: endpoint,
      MINIO_REGION: region,
      MINIO_ACCESS_KEY: accessKeyId,
      MINIO_SECRET_KEY: secretAccessKey,
      MINIO_BUCKETS: bucket,
      MLFLOW_TRACKING_URI: liveVariable('LIVE_MLFLOW_URL'),
    };
  });
  afterAll(async () => {
    if (stack.processes.length > 0) await stack.stop();
    await database.drop();
    await removeBucket(liveStore(), bucket);
    await rm(directory, { recursive: true, force: true });
  });
  const start = async (...args: string[]) => {
    stack = LocalStack.start({ directory, ports: await freePorts(), arguments: args, variables });
    return stack.ready();
  };
  const read = async (id: number) =>
    (await (await fetch(`${stack.url}/api/artifacts/${id}`)).json()) as Artifact;

  it('migrates and seeds them when it is told to, and shows a picture with its run', async () => {
    await start('--migrate', '--seed');
    expect(stack.output).toMatch(/Seeded \d+ artifacts and \d MLflow runs/);

    const response = await fetch(`${stack.url}/api/artifacts/24/image`);
    expect(response.headers.get('x-chart-freshness')).toBe('regenerated');
    const png = new Uint8Array(await response.arrayBuffer());
    const [row] = await queryOnce<{ url: string }>(
      database.databaseUrl,
      "select chart_data ->> 'minio_url' as url from artifacts where id = 24",
    );
    const key = new URL(row?.url ?? '').pathname.slice(`/${bucket}/`.length);
    const store = createS3ObjectStore({ ...liveStore(), buckets: [bucket] });
    expect((await store.get({ bucket, key }))?.bytes).toEqual(png);

    const { run_id, experiment_id, lineage, links } = await read(24);
    expect(lineage.status).toBe('linked');
    const run = await fetch(
      `${liveVariable('LIVE_MLFLOW_URL')}/api/2.0/mlflow/runs/get?run_id=${run_id}`,
    );
    expect(await run.json()).toMatchObject({ run: { info: { run_id, experiment_id } } });
    expect((await fetch(links['mlflow_run'] ?? '')).status).toBe(200);
  });

  it('finds everything as it was, and neither migrates nor seeds unasked', async () => {
    await stack.stop();
    await start();
    expect(stack.output).not.toContain('Seeded');
    expect((await read(24)).lineage.status).toBe('linked');
    const response = await fetch(`${stack.url}/api/artifacts/24/image`);
    await response.arrayBuffer();
    expect([
      response.headers.get('x-chart-source'),
      response.headers.get('x-chart-freshness'),
    ]).toEqual(['store', 'verified']);
  });

  it('uses a database that only has artifacts as it is, and says so', async () => {
    await stack.stop();
    const bare = await createLiveDatabase();
    try {
      await queryOnce(
        bare.databaseUrl,
        `create table artifacts as select * from (values (1, 'old', 'llm', null::varchar, now())) as a(id, name, type, symbol, created_at)`,
      );
      for (const column of [
        'run_id varchar(255)',
        'experiment_id varchar(255)',
        'workflow_id varchar(255)',
        'execution_id varchar(255)',
        'step_name varchar(100)',
        'dag_id varchar(255)',
        'task_id varchar(255)',
        'prompt text',
        'response text',
        'prompt_length int',
        'response_length int',
        'model_name varchar(100)',
        'image_path text',
        'chart_type varchar(50)',
        'chart_data jsonb',
        'action varchar(20)',
        'confidence decimal(3, 2)',
        'signal_data jsonb',
        'artifact_metadata jsonb',
        'updated_at timestamptz',
      ])
        await queryOnce(bare.databaseUrl, `alter table artifacts add column ${column}`);
      variables = { ...variables, DATABASE_URL: bare.databaseUrl };
      await start();
      expect(stack.output).toContain('npm start -- --migrate adds them');
      expect(await read(1)).toMatchObject({ run_id: null, lineage: { status: 'unresolved' } });
      await stack.stop();
    } finally {
      await bare.drop();
    }
  });
});
