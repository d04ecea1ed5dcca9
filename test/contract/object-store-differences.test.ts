import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { MINIO_DIFFERENCES } from './object-store-differences.ts';

it('documents every named difference between the object stores, and no other', async () => {
  const page = await readFile(new URL('../../docs/object-stores.md', import.meta.url), 'utf8');
  const named = [...page.matchAll(/^\| `([a-z0-9-]+)`/gm)].map((match) => match[1]);
  expect(named).toEqual(Object.keys(MINIO_DIFFERENCES));
});
