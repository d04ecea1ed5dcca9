import { expect, it } from 'vitest';
import { imageQuery } from '../../../src/image/image.schema.ts';

it.each([
  [{}, null],
  [{ v: 'a' }, null],
  [{ _: '1', t: '1', ts: '1', cb: '1', utm_source: 'mail' }, null],
  [{ v: ['a', 'b'] }, 'v'],
  [{ width: '100' }, 'width'],
  [{ utm: '1' }, 'utm'],
  [{ tt: '1' }, 'tt'],
])('a query of %o has no mistake but %s', (query, mistake) => {
  const fields = imageQuery.safeParse(query).error?.issues.map(({ path }) => path.join('.'));
  expect(fields ?? null).toEqual(mistake === null ? null : [mistake]);
});
