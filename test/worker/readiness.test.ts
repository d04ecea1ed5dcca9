import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LocalServer } from '../../stand-in/listen.ts';
import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { startMlflowProxy, type MlflowProxy } from '../support/mlflow-proxy.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';
import { startStoreProxy, type StoreProxy } from '../support/store-proxy.ts';

interface Dependency {
  readonly ok: boolean;
  readonly detail: string;
  readonly reason?: string;
  readonly checked_at?: string;
}

describe('/readyz says what is true now', () => {
  let stack: Stack;
  let mlflow: LocalServer;
  let mlflowProxy: MlflowProxy;
  let store: StoreProxy;
  /** Before the SQL endpoint; it is HTTP, too. */
  let sql: StoreProxy;

  beforeAll(async () => {
    mlflow = await startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 });
    mlflowProxy = await startMlflowProxy(mlflow.url);
    store = await startStoreProxy();
    sql = await startStoreProxy();
    stack = await startStack({
      MLFLOW_TRACKING_URI: mlflowProxy.url,
      MINIO_ENDPOINT: store.url,
      DATABASE_HTTP_ENDPOINT: `${sql.url}/sql`,
    });
    store.target = stack.s3.url;
    sql.target = new URL(stack.database.httpEndpoint).origin;
  });
  afterAll(async () => {
    await stack.close();
    await Promise.all([store.close(), sql.close(), mlflowProxy.stop()]);
    await mlflow.close();
  });
  beforeEach(async () => {
    for (const proxy of [store, sql, mlflowProxy]) proxy.fault = null;
    await mlflowSays(/^answers$/);
  });

  async function readyz() {
    const response = await stack.fetch('/readyz');
    const { status, dependencies } = (await response.json()) as {
      status: string;
      dependencies: Record<'database' | 'store' | 'conditional_writes' | 'mlflow', Dependency>;
    };
    expect(status).toBe(response.status === 200 ? 'ready' : 'unavailable');
    return { status: response.status, ...dependencies };
  }
  /** What is shared is told for two seconds. */
  const mlflowSays = async (detail: RegExp) => {
    await expect
      .poll(async () => (await readyz()).mlflow.detail, { timeout: 30_000 })
      .toMatch(detail);
  };
  const hang = () => {};
  const pings = () =>
    mlflowProxy.calls.filter(({ path }) => path.endsWith('/experiments/search')).length;

  it('when everything answers', async () => {
    const { status, database, store: storage, mlflow: tracking } = await readyz();
    expect([status, database, storage]).toEqual([
      200,
      { ok: true, detail: 'answers' },
      { ok: true, detail: 'answers' },
    ]);
    expect(tracking).toEqual({ ok: true, detail: 'answers', checked_at: expect.any(String) });
  });

  it('of a MLflow that hangs and comes back, without a cron and without a reader', async () => {
    mlflowProxy.fault = hang;
    await mlflowSays(/^MLflow did not answer within 1000 ms\.$/);
    expect(await readyz()).toMatchObject({ status: 200, mlflow: { ok: false } });
    mlflowProxy.fault = null;
    await mlflowSays(/^answers$/);
    mlflowProxy.fault = (_, response) => void response.writeHead(401).end();
    await mlflowSays(/^MLflow wants other credentials \(401\)/);
  });

  it('a MLflow that hangs is asked once for all who want to know', async () => {
    mlflowProxy.fault = hang;
    // A new isolate, which knows nothing yet.
    await stack.emptyEdge();
    const before = pings();
    const answers = await Promise.all(Array.from({ length: 20 }, () => readyz()));
    expect(new Set(answers.map(({ mlflow: { detail } }) => detail))).toEqual(
      new Set(['MLflow did not answer within 1000 ms.']),
    );
    // Not all of them come within two seconds on every machine.
    expect(pings() - before).toBeLessThan(5);
  });

  it('a short deadline keeps nobody else from asking MLflow', async () => {
    mlflowProxy.fault = hang;
    await mlflowSays(/did not answer/);
    mlflowProxy.fault = null;
    const fields = {
      name: 'An analysis',
      type: 'llm',
      workflow_id: 'wf',
      execution_id: 'manual__1',
    };
    const created = (await (await stack.send('POST', '/api/artifacts', fields)).json()) as {
      id: number;
    };
    const read = (await (await stack.fetch(`/api/artifacts/${created.id}`)).json()) as {
      lineage: { status: string };
    };
    expect(read.lineage.status).toBe('pending');
  });

  it('one dependency that hangs does not hide the others', async () => {
    sql.fault = hang;
    const noDatabase = await readyz();
    expect(noDatabase).toMatchObject({
      status: 503,
      database: { ok: false, detail: expect.stringContaining('did not answer within 3000 ms') },
      store: { ok: true },
      mlflow: { ok: true },
    });
    sql.fault = null;
    store.fault = hang;
    expect(await readyz()).toMatchObject({
      status: 503,
      database: { ok: true },
      store: { ok: false, detail: expect.stringContaining('did not answer in time') },
      mlflow: { ok: true },
    });
    for (const proxy of [store, sql, mlflowProxy]) proxy.fault = hang;
    await mlflowSays(/did not answer/);
    expect(await readyz()).toMatchObject({
      status: 503,
      database: { ok: false },
      store: { ok: false },
      mlflow: { ok: false },
    });
    for (const proxy of [store, sql, mlflowProxy]) proxy.fault = null;
    expect((await readyz()).status).toBe(200);
  });

  it('a bucket that is missing is named, with what to do', async () => {
    const answer = `<?xml version="1.0"?><Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>`;
    store.fault = (_, response) =>
      void response.writeHead(404, { 'content-type': 'application/xml' }).end(answer);
    const { status, store: storage } = await readyz();
    expect([status, storage]).toEqual([
      503,
      {
        ok: false,
        reason: 'no_bucket',
        detail: `The object store has no bucket "${BUCKET}": create it, or name another in MINIO_BUCKETS.`,
      },
    ]);
  });
});

it('a bucket that the store does not have makes it not ready', async () => {
  const stack = await startStack({ MINIO_BUCKETS: 'nobody-made-it' });
  try {
    const response = await stack.fetch('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      dependencies: {
        store: {
          ok: false,
          reason: 'no_bucket',
          detail: expect.stringContaining('"nobody-made-it": create it'),
        },
      },
    });
  } finally {
    await stack.close();
  }
});
