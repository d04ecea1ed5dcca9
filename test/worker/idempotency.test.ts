import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created, problem } from '../support/artifact-calls.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'once' };
  const body = { name: 'once', type: 'signal' };

  it('makes one artifact of many concurrent requests', async () => {
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => stack.send('POST', '/api/artifacts', body, key)),
    );
    const statuses = responses.map((response) => response.status);
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
    expect(statuses).toContain(201);
    expect(await stack.query("select 1 from artifacts where name = 'once'")).toHaveLength(1);
    expect(
      (await stack.send('POST', '/api/artifacts', body, key)).headers.get('idempotent-replayed'),
    ).toBe('true');
  });

  it('refuses the key for another body', async () => {
    const response = await stack.send('POST', '/api/artifacts', { ...body, symbol: 'X' }, key);
    expect(await problem(response)).toEqual([422, 'idempotency_mismatch', ['Idempotency-Key']]);
  });

  it('answers 409 while the first is running, and goes on when it crashed', async () => {
    const running = { 'idempotency-key': 'running' };
    const { id } = await created(stack, { ...body, name: 'again' }, running);
    await stack.query(
      "update idempotency_key set status = 'running', artifact_id = null, locked_until = now() + interval '9 s' where key = 'running'",
    );
    const busy = await stack.send('POST', '/api/artifacts', { ...body, name: 'again' }, running);
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([409, '2']);
    await stack.query(
      "update idempotency_key set locked_until = now() - interval '1 s' where key = 'running'",
    );
    expect((await created(stack, { ...body, name: 'again' }, running)).id).not.toBe(id);
  });

  it('forgets after 24 hours', async () => {
    await stack.query(
      "update idempotency_key set created_at = now() - interval '25 h' where key = 'once'",
    );
    expect(
      (await stack.send('POST', '/api/artifacts', { ...body, symbol: 'NEW' }, key)).status,
    ).toBe(201);
  });

  it('gives the key back after a failure', async () => {
    const bad = { name: 'x', type: 'chart', metadata: { a: 'b\0c' } };
    expect(
      (await stack.send('POST', '/api/artifacts', bad, { 'idempotency-key': 'failed' })).status,
    ).toBe(422);
    expect(await stack.query("select 1 from idempotency_key where key = 'failed'")).toEqual([]);
  });
});
