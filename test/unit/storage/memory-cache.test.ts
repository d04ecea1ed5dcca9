import { expect, it } from 'vitest';
import { createMemoryCache } from '../../../src/storage/memory-cache.ts';

it('forgets by time, by number and by name', () => {
  let now = 0;
  const cache = createMemoryCache<number>({ maxEntries: 2, ttlMs: 100, now: () => now });
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  cache.delete('c');
  expect(cache.get('c')).toBeUndefined();
  now = 99;
  expect(cache.get('a')).toBe(1);
  now = 100;
  expect(cache.get('a')).toBeUndefined();
});
