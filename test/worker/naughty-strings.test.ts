import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/**
 * Texts that other programs have tripped over, of 20 characters at most, so that every column takes
 * them.
 */
const STRINGS = [
  'undefined',
  'null',
  'NaN',
  '-Infinity',
  'infinity',
  'true',
  '1e999',
  '0x10',
  '-0',
  '1,000.00',
  "' OR 1=1 --",
  "';drop table x;--",
  '$1',
  '%s%n',
  '{{7*7}}',
  '${7*7}',
  '<script>alert(1)</sc',
  '../../etc/passwd',
  '/dev/null',
  'CON',
  '\\',
  '\\u0000',
  '"',
  "''",
  '``',
  '%00',
  '%',
  '_',
  '\t\r\n',
  '\u0001\u001f\u007f\u0085',
  '\u00a0\u2000\u3000',
  '\u200b\u200d\ufeff',
  '\u202e\u2066abc',
  '\ufffe\uffff',
  'Ω≈ç√∫˜µ≤',
  'ﷺ',
  '田中さん',
  'مرحبا',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴',
  'İıſK',
  '👩‍👩‍👧‍👦',
  '🇺🇸🇷🇺',
  '\u{10ffff}\u{1d7d8}',
  '__proto__',
  'constructor',
  'ungrouped',
  '*',
  'a'.repeat(20),
];
const COLUMNS = [
  'name',
  'symbol',
  'run_id',
  'experiment_id',
  'workflow_id',
  'execution_id',
  'step_name',
  'dag_id',
  'task_id',
  'prompt',
  'response',
  'model_name',
  'image_path',
  'chart_type',
  'action',
];
const FILTERS = ['symbol', 'workflow_id', 'execution_id', 'dag_id', 'step_name', 'run_id', 'q'];

it.each(STRINGS)('%j is kept as it is, and found again', async (text) => {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, text]));
  const isMember = text !== '__proto__' && !/^$/.test(text);
  const metadata = isMember ? { [text]: [text, { [text]: text }] } : { text };
  const body = { ...columns, type: 'llm', metadata, chart_data: { text }, signal_data: { text } };
  const response = await stack.send('POST', '/api/artifacts', body, {
    'idempotency-key': encodeURI(text),
  });
  const artifact = (await response.json()) as { id: number };
  expect([response.status, artifact]).toMatchObject([201, body]);
  expect(await (await stack.fetch(`/api/artifacts/${artifact.id}`)).json()).toMatchObject(body);

  for (const name of FILTERS) {
    const list = await stack.fetch(
      `/api/artifacts?${new URLSearchParams({ [name]: text })}&sort=-id&limit=500`,
    );
    const { artifacts } = (await list.json()) as { artifacts: { id: number }[] };
    // PostgreSQL and Unicode have two opinions on lower case; that a search answers is enough
    // there.
    if (name !== 'q') expect([name, artifacts.map(({ id }) => id)]).toEqual([name, [artifact.id]]);
    else expect(list.status).toBe(200);
  }
  const execution = await stack.fetch(`/api/executions/${encodeURIComponent(text)}`);
  expect(execution.status).toBe(200);
});

it.each(STRINGS)('%j is no time, number, cursor, id or tag', async (text) => {
  const encoded = encodeURIComponent(text);
  for (const name of [
    'created_after',
    'created_before',
    'cursor',
    'sort',
    'type',
    'lineage',
    'limit',
    encoded,
  ]) {
    const response = await stack.fetch(`/api/artifacts?${name}=${encoded}`);
    const { errors } = (await response.json()) as { errors: unknown[] };
    expect([name, response.status, errors?.length]).toEqual([name, 422, 1]);
  }
  expect((await stack.fetch(`/api/artifacts/${encoded}`)).status).toBe(404);
  const repair = await stack.send('POST', '/api/lineage/repair', { checked_before: text });
  expect(repair.status).toBe(422);
  const patch = await stack.send('PATCH', '/api/artifacts/1', {
    confidence: text,
    prompt_length: text,
  });
  expect(patch.status).toBe(422);
});
