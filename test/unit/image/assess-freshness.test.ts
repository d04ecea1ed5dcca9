import { describe, expect, it } from 'vitest';
import {
  assessFreshness,
  type FreshnessFacts,
  type ObjectFacts,
} from '../../../src/image/assess-freshness.ts';

const OURS = 'a'.repeat(64);
const OTHERS = 'b'.repeat(64);
const SHA = 'c'.repeat(64);
const PIXELS = 'e'.repeat(64);
const TOO_LARGE = 'it has more than 16000000 pixels';
const FETCHED = new Date('2025-11-15T12:00:00.500Z');

function png(snapshot: string | null = null): ObjectFacts['inspection'] {
  const provenance =
    snapshot === null ? null : ({ snapshot_sha256: snapshot, pixel_sha256: PIXELS } as never);
  return { kind: 'png', width: 10, height: 10, provenance };
}

function facts(
  object: Partial<ObjectFacts> | null,
  rest: Partial<FreshnessFacts> = {},
): FreshnessFacts {
  const base = {
    inspection: png(),
    sha256: SHA,
    lastModified: new Date('2025-11-16'),
    metadataSnapshotSha256: null,
    pixelSha256: PIXELS,
    tooLarge: null,
  };
  return {
    object: object === null ? null : { ...base, ...object },
    absence: 'nothing lies there',
    picture: { snapshotSha256: OURS },
    ledger: null,
    fetchedAt: FETCHED,
    ...rest,
  };
}

describe('assessFreshness', () => {
  it.each<[string, FreshnessFacts, string]>([
    ['nothing there', facts(null), 'missing'],
    [
      'not an image',
      facts({ inspection: { kind: 'broken', reason: 'no image' } as never }),
      'stale',
    ],
    [
      'broken beats a right hash',
      facts({
        inspection: { kind: 'broken', reason: 'cut' } as never,
        metadataSnapshotSha256: OURS,
      }),
      'stale',
    ],
    [
      'the ledger’s bytes under the render key',
      facts({}, { ledger: { png_sha256: SHA } }),
      'verified',
    ],
    [
      'other bytes under the render key, claiming our hash',
      facts({ metadataSnapshotSha256: OURS }, { ledger: { png_sha256: OTHERS } }),
      'stale',
    ],
    [
      'under the render key, unknown to the ledger, with our hash',
      facts({ metadataSnapshotSha256: OURS }, { ledger: null }),
      'attached',
    ],
    ['our hash in the metadata', facts({ metadataSnapshotSha256: OURS }), 'attached'],
    ['our hash in the PNG', facts({ inspection: png(OURS) }), 'attached'],
    ['other bars in the metadata', facts({ metadataSnapshotSha256: OTHERS }), 'stale'],
    ['other bars in the PNG', facts({ inspection: png(OTHERS) }), 'stale'],
    [
      'metadata says ours, PNG says others',
      facts({ metadataSnapshotSha256: OURS, inspection: png(OTHERS) }),
      'stale',
    ],
    [
      'our hash beats age',
      facts({ metadataSnapshotSha256: OURS, lastModified: new Date(0) }),
      'attached',
    ],
    ['older than its bars', facts({ lastModified: new Date('2025-11-15T11:59:59Z') }), 'stale'],
    [
      'of the same second as its bars',
      facts({ lastModified: new Date('2025-11-15T12:00:00Z') }),
      'unverified',
    ],
    ['newer than its bars', facts({}), 'unverified'],
    ['no fetched_at', facts({ lastModified: new Date(0) }, { fetchedAt: null }), 'unverified'],
    ['no Last-Modified', facts({ lastModified: null }), 'unverified'],
    [
      'no usable bars',
      facts({ lastModified: new Date(0), metadataSnapshotSha256: OTHERS }, { picture: null }),
      'unverified',
    ],
    [
      'no usable bars and broken',
      facts({ inspection: { kind: 'broken', reason: 'cut' } as never }, { picture: null }),
      'stale',
    ],
  ])('%s', (_name, given, expected) => {
    const { freshness, detail } = assessFreshness(given);
    expect(freshness).toBe(expected);
    expect(detail).not.toBe('');
  });

  it.each<[string, FreshnessFacts, string, string]>([
    ['nothing there', facts(null), 'missing', 'no_object'],
    [
      'too large, without a claim',
      facts({ tooLarge: TOO_LARGE }),
      'unverified',
      'too_large_to_check',
    ],
    [
      'too large: a claim of these bars is not believed',
      facts({ tooLarge: TOO_LARGE, metadataSnapshotSha256: OURS }),
      'unverified',
      'too_large_to_check',
    ],
    [
      'too large, of other bars',
      facts({ tooLarge: TOO_LARGE, metadataSnapshotSha256: OTHERS }),
      'stale',
      'hash_of_other_bars',
    ],
    [
      'too large, older than its bars',
      facts({ tooLarge: TOO_LARGE, lastModified: new Date(0) }),
      'stale',
      'older_than_bars',
    ],
    [
      'too large, no bars',
      facts({ tooLarge: TOO_LARGE }, { picture: null }),
      'unverified',
      'too_large_to_check',
    ],
    [
      'a label over other pixels',
      facts({ inspection: png(OURS), pixelSha256: 'f'.repeat(64) }),
      'stale',
      'other_pixels_than_the_label',
    ],
    [
      'a label over more colours than ours have',
      facts({ inspection: png(OURS), pixelSha256: null }),
      'stale',
      'other_pixels_than_the_label',
    ],
    ['no bars', facts({}, { picture: null }), 'unverified', 'no_bars'],
    ['no hash', facts({}), 'unverified', 'no_hash'],
    ['these bars', facts({ metadataSnapshotSha256: OURS }), 'attached', 'hash_of_these_bars'],
  ])('%s: freshness and reason', (_name, given, freshness, reason) => {
    expect(assessFreshness(given)).toMatchObject({ freshness, reason });
  });
});
