import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createMlflowClient } from '../../../src/mlflow/mlflow-client.ts';
import { createBudget, OutOfBudget, type BudgetLimits } from '../../../src/upstream/budget.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(trackingUri: string, more: Record<string, unknown> = {}, now = () => Date.now()) {
  const config = {
    trackingUri,
    problem: null,
    uiUrl: null,
    experimentNames: [],
    authorization: null,
    workspace: null,
    ...more,
  };
  return createMlflowClient(config, { now, defer: (work) => void work });
}
const limitedBudget = (lastsMs = 1_000, callsMax = 10, more: Partial<BudgetLimits> = {}) =>
  createBudget({ lastsMs, callsMax, slowMs: 100, ignoresOutage: false, ...more }, () => Date.now());
const search = { filter: "tags.a = 'b'", maxResults: 10 };

async function failureOf(work: Promise<unknown>): Promise<UpstreamFailure> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UpstreamFailure) return error;
  throw new Error(`expected a failure of MLflow, got ${String(error)}`);
}

describe('the MLflow client', () => {
  it.each<[string, RequestListener | null, RegExp]>([
    ['nobody listens', null, /cannot be reached/],
    ['the connection is cut', (_, response) => void response.destroy(), /cannot be reached/],
    [
      'the body is cut',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{');
        setTimeout(() => response.destroy(), 20);
      },
      /broke off in the middle/,
    ],
    ['nothing comes', () => {}, /did not answer in time/],
    [
      'a redirect',
      (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
      /redirects, which is not followed \(302\)/,
    ],
    [
      'too long',
      (_, response) => void response.end(Buffer.alloc(17_000_000, ' ')),
      /longer than 16 MB/,
    ],
  ])('says what is the matter when %s', async (_, listener, message) => {
    const url = listener === null ? 'http://127.0.0.1:9' : await serve(listener);
    const failure = await failureOf(client(url).searchRuns(search, limitedBudget(300)));
    expect(failure.isOfThisRequest).toBe(false);
    expect(failure.message).toMatch(message);
  });

  it('asks under the path of the address, with credentials and workspace, and without an Origin', async () => {
    const seen: { url: string | undefined; headers: Record<string, unknown> }[] = [];
    const url = await serve((request, response) => {
      seen.push({ url: request.url, headers: request.headers });
      response.end('{"experiments":[{"experiment_id":"1"}]}');
    });
    const more = { authorization: 'Bearer secret', workspace: 'team a' };
    await client(`${url}/a/b`, more).probe(limitedBudget());
    expect(seen[0]?.url).toBe('/a/b/api/2.0/mlflow/experiments/search');
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'x-mlflow-workspace': 'team a',
    });
    expect(seen[0]?.headers).not.toHaveProperty('origin');
  });

  it('makes no more calls than it may', async () => {
    const url = await serve(
      (_, response) => void response.end('{"experiments":[{"experiment_id":"1"}]}'),
    );
    await expect(client(url).searchRuns(search, limitedBudget(1_000, 1))).rejects.toBeInstanceOf(
      OutOfBudget,
    );
  });

  it('leaves a failed MLflow alone for five seconds, then one asks', async () => {
    let nowMs = 1_000_000;
    let calls = 0;
    let isWell = false;
    let mayAnswer = Promise.resolve();
    const url = await serve(async (_, response) => {
      calls += 1;
      await mayAnswer;
      response.writeHead(isWell ? 200 : 500).end('{"experiments":[{"experiment_id":"1"}]}');
    });
    const mlflow = client(url, {}, () => nowMs);
    await failureOf(mlflow.probe(limitedBudget()));
    await failureOf(mlflow.probe(limitedBudget()));
    expect(calls).toBe(1);
    expect(mlflow.outage()?.message).toBe('MLflow cannot answer now (500).');
    nowMs += 5_001;
    isWell = true;
    // Who comes while one tries does not wait for its answer.
    const answer = Promise.withResolvers<void>();
    mayAnswer = answer.promise;
    const first = mlflow.probe(limitedBudget());
    await failureOf(mlflow.probe(limitedBudget()));
    answer.resolve();
    await first;
    expect(calls).toBe(2);
    await mlflow.probe(limitedBudget());
    expect(mlflow.outage()).toBeNull();
  });

  it('is asked by a repair all the same, and then by everybody', async () => {
    let isWell = false;
    const url = await serve(
      (_, response) =>
        void response.writeHead(isWell ? 200 : 500).end('{"experiments":[{"experiment_id":"1"}]}'),
    );
    const mlflow = client(url);
    await failureOf(mlflow.probe(limitedBudget()));
    isWell = true;
    await mlflow.probe(limitedBudget(1_000, 10, { ignoresOutage: true }));
    expect(mlflow.outage()).toBeNull();
    await mlflow.probe(limitedBudget());
  });

  it('takes its own lack of time for no failure of MLflow', async () => {
    let calls = 0;
    const url = await serve((_, response) => {
      calls += 1;
      if (calls === 1) response.end('{"experiments":[{"experiment_id":"1"}]}');
    });
    const mlflow = client(url);
    const some = limitedBudget(300, 10, { slowMs: 1_000 });
    await expect(mlflow.searchRuns(search, some)).rejects.toBeInstanceOf(OutOfBudget);
    expect(mlflow.outage()).toBeNull();
    await expect(mlflow.searchRuns(search, some)).rejects.toBeInstanceOf(OutOfBudget);
    expect(calls).toBe(2);
  });

  it.each<[string, string, (string | number)[]]>([
    ['numbers for ids', '{"runs":[{"info":{"run_id":7,"experiment_id":12}}]}', ['7']],
    [
      'a tag without a value, no further page',
      '{"runs":[{"info":{"run_id":"a","experiment_id":"1"},"data":{"tags":[{"key":"k"}]}}],"next_page_token":null}',
      ['a'],
    ],
    [
      'runs that are none beside one that is',
      '{"runs":[{},{"info":{"run_id":"a","experiment_id":null}},{"info":{"run_id":"b\\u0000","experiment_id":"1"}},{"info":{"run_id":"c","experiment_id":"1"}}]}',
      ['c'],
    ],
  ])('reads %s', async (_, answer, runIds) => {
    const url = await serve(
      (request, response) =>
        void response.end(
          request.url?.includes('experiments') ? '{"experiments":[{"experiment_id":"1"}]}' : answer,
        ),
    );
    const { runs, nextPageToken } = await client(url).searchRuns(search, limitedBudget());
    expect(runs.map(({ runId }) => runId)).toEqual(runIds);
    expect(nextPageToken).toBeNull();
  });

  it.each([
    ['7', 7_000],
    ['0', 1_000],
    ['99999', 60_000],
    ['soon', 5_000],
  ])('reads Retry-After: %s', async (value, expectedMs) => {
    const url = await serve(
      (_, response) => void response.writeHead(503, { 'retry-after': value }).end(),
    );
    const { retryAfterMs } = await failureOf(client(url).probe(limitedBudget()));
    expect(Math.abs(retryAfterMs - expectedMs)).toBeLessThan(2_000);
  });

  it('reads Retry-After: a date', async () => {
    const value = new Date(Date.now() + 40_000).toUTCString();
    const url = await serve(
      (_, response) => void response.writeHead(503, { 'retry-after': value }).end(),
    );
    const { retryAfterMs } = await failureOf(client(url).probe(limitedBudget()));
    expect(retryAfterMs).toBeGreaterThan(10_000);
    expect(retryAfterMs).toBeLessThanOrEqual(40_000);
  });

  it('takes what is about one request for no failure of MLflow', async () => {
    let status = 403;
    const url = await serve((_, response) => {
      response
        .writeHead(status)
        .end(
          status === 200
            ? '{"experiments":[{"experiment_id":"1"}]}'
            : '{"error_code":"PERMISSION_DENIED","message":"no"}',
        );
    });
    const mlflow = client(url);
    expect((await failureOf(mlflow.getRun('abc', limitedBudget()))).isOfThisRequest).toBe(true);
    expect(mlflow.outage()).toBeNull();
    status = 200;
    await mlflow.probe(limitedBudget());
  });

  it('shows nothing of the address or of what MLflow sent', async () => {
    const url = await serve((_, response) => void response.writeHead(500).end('secret-of-mlflow'));
    const { message } = await failureOf(
      client(url, { authorization: 'Basic c2VjcmV0' }).probe(limitedBudget()),
    );
    expect(message).not.toMatch(/secret|127\.0\.0\.1|c2VjcmV0/);
  });
});
