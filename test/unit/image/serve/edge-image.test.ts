import { describe, expect, it } from 'vitest';
import {
  createPointerCache,
  fillEdge,
  fromEdge,
  pointerOf,
  POINTER_MEMORY_TTL_MS,
  remember,
  unchangedSince,
  type Pointer,
} from '../../../../src/image/serve/edge-image.ts';
import type { CachedImage, EdgeCache } from '../../../../src/storage/edge-cache.ts';
import { createMemoryCache } from '../../../../src/storage/memory-cache.ts';

const pointer: Pointer = {
  etag: '"k"',
  contentKey: 'k',
  freshness: 'verified',
  snapshotSha256: 'a'.repeat(64),
  renderKey: 'k',
};
const CURRENT = { ageMs: 0, isCurrent: () => true };

/** One colo with its isolate: the edge is a map, and waits where it is told to. */
function setUp() {
  const pointers = new Map<string, { value: unknown; ttlSeconds: number }>();
  const images = new Map<string, CachedImage>();
  const clock = { now: 0 };
  const edge = {
    getPointer: async (name: string) => pointers.get(name)?.value,
    putPointer: async (name: string, value: unknown, ttlSeconds: number) => {
      pointers.set(name, { value, ttlSeconds });
    },
    deletePointer: async (name: string) => {
      pointers.delete(name);
    },
    getImage: async (key: string) => images.get(key) ?? null,
    putImage: async (key: string, image: CachedImage) => {
      images.set(key, image);
    },
  } as unknown as EdgeCache;
  const memory = createMemoryCache<Pointer>({
    maxEntries: 9,
    ttlMs: POINTER_MEMORY_TTL_MS,
    now: () => clock.now,
  });
  const cache = createPointerCache(memory, edge);
  const deps = { edge, pointers: cache, now: () => clock.now };
  return { cache, deps, edge, pointers, images, clock };
}

describe('pointers', () => {
  it('are near for five seconds, and in the colo for ten after the row was read', async () => {
    const { cache, pointers, clock } = setUp();
    await cache.put(1, pointer, { ageMs: 1_500, isCurrent: () => true });
    expect(cache.near(1)).toEqual(pointer);
    expect(pointers.get('artifact-1')).toEqual({ value: pointer, ttlSeconds: 8 });
    clock.now = POINTER_MEMORY_TTL_MS;
    expect(cache.near(1)).toBeNull();
    expect(await cache.get(1)).toEqual(pointer);
    expect(cache.near(1)).toEqual(pointer);
  });

  it('are not kept for a row that was read nine seconds ago', async () => {
    const { cache, pointers } = setUp();
    await cache.put(1, pointer, { ageMs: 9_001, isCurrent: () => true });
    expect(cache.near(1)).toBeNull();
    expect(pointers.size).toBe(0);
  });

  it('are not kept when a write came before, and taken back when it came meanwhile', async () => {
    const { cache, pointers } = setUp();
    await cache.put(1, pointer, { ageMs: 0, isCurrent: () => false });
    expect(pointers.size).toBe(0);
    const answers = [true, false];
    await cache.put(1, pointer, { ageMs: 0, isCurrent: () => answers.shift() === true });
    expect(cache.near(1)).toBeNull();
    expect(pointers.size).toBe(0);
  });

  it('are forgotten in both tiers', async () => {
    const { cache, pointers } = setUp();
    await cache.put(1, pointer, CURRENT);
    await cache.drop(1);
    expect(cache.near(1)).toBeNull();
    expect(pointers.size).toBe(0);
  });

  it('that were read before a write are not remembered after it', async () => {
    const { cache, edge } = setUp();
    await edge.putPointer('artifact-1', pointer, 9);
    const reading = cache.get(1);
    await cache.drop(1);
    expect(await reading).toEqual(pointer);
    expect(cache.near(1)).toBeNull();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'pointer'],
    ['no ETag', { ...pointer, etag: 1 }],
    ['no content key', { ...pointer, contentKey: undefined }],
    ['a freshness that is never kept', { ...pointer, freshness: 'stale' }],
    ['a number for a hash', { ...pointer, snapshotSha256: 1 }],
    ['no render key', { ...pointer, renderKey: undefined }],
  ])('that hold %s are none', async (_name, value) => {
    const { cache, edge } = setUp();
    await edge.putPointer('artifact-1', value, 9);
    expect(await cache.get(1)).toBeNull();
  });

  it('may have neither bars nor key', async () => {
    const { cache, edge } = setUp();
    const bare = { ...pointer, freshness: 'unverified', snapshotSha256: null, renderKey: null };
    await edge.putPointer('artifact-1', bare, 9);
    expect(await cache.get(1)).toEqual(bare);
  });
});

describe('the edge', () => {
  const image = { bytes: Uint8Array.from([1, 2]), contentType: 'image/png' };

  it('answers with the bytes that a pointer names, or not at all', async () => {
    const { deps, edge } = setUp();
    expect(await fromEdge(deps, pointer)).toBeNull();
    await edge.putImage('k', image);
    const { contentKey: _contentKey, ...facts } = pointer;
    expect(await fromEdge(deps, pointer)).toMatchObject({
      kind: 'image',
      ...facts,
      ...image,
      source: 'edge',
      caching: 'shared',
    });
    expect(unchangedSince(pointer)).toMatchObject({ kind: 'not_modified', ...facts });
  });

  it('takes the bytes and then the pointer, as old as its row', async () => {
    const { deps, cache, pointers, images, clock } = setUp();
    clock.now = 3_000;
    await fillEdge(deps, 1, pointer, image, { readAt: 1_000, isCurrent: () => true });
    expect(images.get('k')).toEqual(image);
    expect(pointers.get('artifact-1')?.ttlSeconds).toBe(8);
    expect(cache.near(1)).toEqual(pointer);
  });

  it('keeps the bytes of a row that was changed, and no pointer', async () => {
    const { deps, pointers, images } = setUp();
    const age = { readAt: 0, isCurrent: () => false };
    await fillEdge(deps, 1, pointer, image, age);
    await remember(deps, 1, pointer, age);
    expect(images.size).toBe(1);
    expect(pointers.size).toBe(0);
  });

  it('remembers of an answer what a pointer holds and nothing else', () => {
    const { contentKey, ...facts } = pointer;
    const answer = { ...facts, ...image, kind: 'image', source: 'store', caching: 'shared' };
    expect(pointerOf(answer, contentKey)).toEqual(pointer);
  });
});
