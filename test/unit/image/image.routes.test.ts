import { describe, expect, it } from 'vitest';
import { imageHeaders, imageResponse } from '../../../src/image/image.routes.ts';
import type { ImageFacts } from '../../../src/image/image-outcome.ts';

const KEY = 'a'.repeat(32);
const facts: ImageFacts = {
  etag: `"${KEY}"`,
  source: 'store',
  freshness: 'verified',
  snapshotSha256: 'b'.repeat(64),
  renderKey: KEY,
  caching: 'shared',
};
const PUBLIC = { version: undefined, isPrivate: false };

describe('imageHeaders', () => {
  const YEAR = 'max-age=31536000, immutable';

  it.each<[string, Partial<ImageFacts>, string | undefined, boolean, string]>([
    ['an hour as a rule', {}, undefined, false, 'public, max-age=3600'],
    ['an hour, for one reader', {}, undefined, true, 'private, max-age=3600'],
    ['a year under its own version', {}, KEY, false, `public, ${YEAR}`],
    ['a year, for one reader', {}, KEY, true, `private, ${YEAR}`],
    ['an hour under another version', {}, 'c'.repeat(32), false, 'public, max-age=3600'],
    ['an hour when other bytes are shown', { etag: '"bytes"' }, KEY, false, 'public, max-age=3600'],
    ['an hour without a key', { renderKey: null }, KEY, false, 'public, max-age=3600'],
    ['only after asking', { caching: 'revalidate' }, KEY, false, 'public, no-cache'],
    ['ten seconds', { caching: 'brief' }, KEY, false, 'private, max-age=10'],
  ])('may be kept %s', (_name, more, version, isPrivate, expected) => {
    const headers = imageHeaders({ ...facts, ...more }, 7, { version, isPrivate });
    expect(headers.get('cache-control')).toBe(expected);
  });

  it('say what the picture is', () => {
    const headers = imageHeaders({ ...facts, contentType: 'image/jpeg' }, 7, PUBLIC);
    expect(Object.fromEntries(headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=3600',
      'content-disposition': 'inline; filename="chart-7.jpg"',
      'content-security-policy': "default-src 'none'",
      'content-type': 'image/jpeg',
      etag: `"${KEY}"`,
      'x-chart-freshness': 'verified',
      'x-chart-snapshot': 'b'.repeat(64),
      'x-chart-source': 'store',
      'x-content-type-options': 'nosniff',
    });
  });

  it('leave out what is not known, and the type of what is not sent', () => {
    const headers = imageHeaders({ ...facts, snapshotSha256: null }, 7, PUBLIC);
    expect(headers.has('x-chart-snapshot')).toBe(false);
    expect(headers.has('content-type')).toBe(false);
    expect(headers.has('content-disposition')).toBe(false);
  });
});

describe('imageResponse', () => {
  const bytes = Uint8Array.from([0, 1, 2, 3, 4]);
  const image = { ...facts, kind: 'image', bytes, contentType: 'image/png' } as const;
  const respond = (method: string, headers: Record<string, string> = {}) =>
    imageResponse(
      new Request('https://chartproof.test/', { method, headers }),
      image,
      imageHeaders(image, 7, PUBLIC),
    );

  it.each([
    ['GET', {}, 200, '5', null, [0, 1, 2, 3, 4]],
    ['HEAD', {}, 200, '5', null, []],
    ['GET', { range: 'bytes=1-2' }, 206, '2', 'bytes 1-2/5', [1, 2]],
    ['GET', { range: 'bytes=-1' }, 206, '1', 'bytes 4-4/5', [4]],
    // Only GET knows ranges.
    ['HEAD', { range: 'bytes=1-2' }, 200, '5', null, []],
    ['GET', { range: 'bytes=1-2', 'if-range': '"other"' }, 200, '5', null, [0, 1, 2, 3, 4]],
  ])('%s with %o is %i', async (method, headers, status, length, range, body) => {
    const response = respond(method, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-length')).toBe(length);
    expect(response.headers.get('content-range')).toBe(range);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual(body);
  });

  it('refuses a range that begins behind the end, and says how long it is', () => {
    expect(() => respond('GET', { range: 'bytes=5-' })).toThrow(
      expect.objectContaining({
        code: 'range_not_satisfiable',
        headers: { 'content-range': 'bytes */5' },
      }),
    );
  });
});
