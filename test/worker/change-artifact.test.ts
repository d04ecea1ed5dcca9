import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created, problem, read } from '../support/artifact-calls.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('PATCH and DELETE', () => {
  it('merges objects one level deep, both of two patches at once', async () => {
    const { id } = await created(stack, {
      name: 'x',
      type: 'chart',
      chart_data: { keep: 1, nested: { a: 1 } },
    });
    await Promise.all([
      stack.send('PATCH', `/api/artifacts/${id}`, { chart_data: { left: 1 } }),
      stack.send('PATCH', `/api/artifacts/${id}`, { chart_data: { right: 1, nested: { b: 2 } } }),
    ]);
    const artifact = await read(stack, id);
    expect(artifact.chart_data).toEqual({ keep: 1, left: 1, right: 1, nested: { b: 2 } });
    expect(artifact['updated_at']).not.toBeNull();
  });

  it('replaces a stored JSON null or array, clears with null, and recounts', async () => {
    const { id } = await created(stack, { name: 'x', type: 'llm', response: 'long' });
    await stack.query(
      "update artifacts set chart_data = 'null', signal_data = '[1]' where id = $1",
      [id],
    );
    const response = await stack.send('PATCH', `/api/artifacts/${id}`, {
      chart_data: { a: 1 },
      signal_data: { b: 2 },
      response: null,
      symbol: 'NEW',
    });
    expect(await response.json()).toMatchObject({
      chart_data: { a: 1 },
      signal_data: { b: 2 },
      response: null,
      response_length: null,
      symbol: 'NEW',
    });
  });

  it('names bad fields and unknown rows', async () => {
    const { id } = await created(stack, { name: 'x', type: 'llm' });
    const patch = (body: unknown, target: number | string = id) =>
      stack.send('PATCH', `/api/artifacts/${target}`, body);
    expect(await problem(await patch({ colour: 'red' }))).toEqual([
      422,
      'invalid_input',
      ['colour'],
    ]);
    expect(await problem(await patch({ name: null }))).toEqual([422, 'invalid_input', ['name']]);
    expect(await problem(await patch({}))).toEqual([422, 'invalid_input', ['body']]);
    expect((await patch({ symbol: 'X' }, 2147483647)).status).toBe(404);
    expect((await patch({ symbol: 'X' }, '2147483648')).status).toBe(404);
  });

  it('removes an artifact with its image, and leaves an image that others show', async () => {
    const bars = makeBars(60, 77);
    const [one, two] = [
      await created(stack, chartArtifact(bars)),
      await created(stack, chartArtifact(bars)),
    ];
    await stack.fetch(`/api/artifacts/${one.id}/image`);
    await stack.fetch(`/api/artifacts/${two.id}/image`);
    const url = String((await read(stack, one.id)).chart_data?.['minio_url']);
    const ref = { bucket: BUCKET, key: new URL(url).pathname.replace(`/${BUCKET}/`, '') };
    expect((await stack.send('DELETE', `/api/artifacts/${one.id}`)).status).toBe(204);
    expect((await stack.fetch(`/api/artifacts/${one.id}`)).status).toBe(404);
    expect((await stack.fetch(`/api/artifacts/${one.id}/image`)).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await stack.store.head(ref)).not.toBeNull();
    expect((await stack.send('DELETE', `/api/artifacts/${two.id}`)).status).toBe(204);
    await expect.poll(() => stack.store.head(ref), { timeout: 5_000 }).toBeNull();
    expect((await stack.send('DELETE', `/api/artifacts/${two.id}`)).status).toBe(404);
  });
});
