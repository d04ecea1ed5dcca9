import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  created,
  problem,
  read,
  type ArtifactWire,
  type ProblemWire,
} from '../support/artifact-calls.ts';
import { SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('POST /api/artifacts', () => {
  it('stores a row and says where it is', async () => {
    const response = await stack.send('POST', '/api/artifacts', {
      name: 'Analysis',
      type: 'llm',
      symbol: 'TSLA',
      prompt: 'What now? 🚀',
      response: 'Wait.',
      confidence: 85,
      signal_data: { a: 1, nested: { deep: [1, 2] } },
    });
    const artifact = (await response.json()) as ArtifactWire;
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/api/artifacts/${artifact.id}`);
    expect(artifact).toMatchObject({
      prompt_length: 11,
      response_length: 5,
      confidence: 0.85,
      run_id: null,
    });
    expect(artifact['created_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    expect(await read(stack, artifact.id)).toEqual(artifact);
  });

  it.each([
    [0, 0],
    [0.5, 0.5],
    [1, 1],
    [1.5, 0.02],
    [100, 1],
  ])('reads a confidence of %s as %s', async (given, stored) => {
    expect(
      (await created(stack, { name: 'x', type: 'signal', confidence: given }))['confidence'],
    ).toBe(stored);
  });

  it.each<[string, unknown, string[]]>([
    ['no name', { type: 'chart' }, ['name']],
    ['unknown columns', { name: 'x', type: 'chart', id: 1, colour: 'red' }, ['id', 'colour']],
    ['a wrong type', { name: 'x', type: 'photo' }, ['type']],
    [
      'too long',
      { name: 'x'.repeat(256), type: 'chart', symbol: 'y'.repeat(51) },
      ['name', 'symbol'],
    ],
    ['confidence above 100', { name: 'x', type: 'signal', confidence: 101 }, ['confidence']],
    ['U+0000', { name: 'a\0b', type: 'chart' }, ['name']],
    ['chart_data no object', { name: 'x', type: 'chart', chart_data: [1] }, ['chart_data']],
    ['not an object', [1], ['body']],
  ])('names the bad fields: %s', async (_name, body, fields) => {
    expect(await problem(await stack.send('POST', '/api/artifacts', body))).toEqual([
      422,
      'invalid_input',
      fields,
    ]);
  });

  it('takes 255 characters outside of the BMP', async () => {
    expect((await created(stack, { name: '🚀'.repeat(255), type: 'llm' }))['name']).toBe(
      '🚀'.repeat(255),
    );
  });

  it('refuses U+0000 deep inside of JSON without a 500', async () => {
    const response = await stack.send('POST', '/api/artifacts', {
      name: 'x',
      type: 'chart',
      metadata: { a: 'b\0c' },
    });
    expect([response.status, ((await response.json()) as ProblemWire).code]).toEqual([
      422,
      'invalid_input',
    ]);
  });

  it.each([
    ['half JSON', '{"name":', 'application/json', 400, 'invalid_request'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 400, 'invalid_request'],
    ['a form', 'name=x', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    [
      'too large',
      `{"name":"${'x'.repeat(4_000_001)}"}`,
      'application/json',
      413,
      'payload_too_large',
    ],
    ['a broken multipart', 'no parts', 'multipart/form-data; boundary=x', 400, 'invalid_request'],
  ])('refuses %s', async (_name, body, type, status, code) => {
    const headers = { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': type };
    const response = await stack.fetch('/api/artifacts', {
      method: 'POST',
      headers,
      body: body as BodyInit,
    });
    expect([response.status, ((await response.json()) as ProblemWire).code]).toEqual([
      status,
      code,
    ]);
  });
});
