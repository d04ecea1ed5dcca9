import { describe, expect, it } from 'vitest';
import {
  assessFreshness,
  FRESHNESS,
  FRESHNESS_REASONS,
  isLedgerFile,
  isOwnPlace,
  ledgerRowFor,
  SERVABLE_FRESHNESS,
  type Freshness,
  type FreshnessFacts,
  type FreshnessReason,
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
      'too large: nobody compared its pixels with its label',
      facts({ tooLarge: TOO_LARGE, inspection: png(OURS), pixelSha256: null }),
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

  /** Every reason there is, with the one word and the one sentence that go with it. */
  const REASONS: Record<FreshnessReason, [FreshnessFacts, Freshness, string]> = {
    no_object: [facts(null), 'missing', 'nothing lies there'],
    damaged: [facts({ inspection: { kind: 'broken', reason: 'it is cut off' } }), 'stale', 'cut'],
    no_bars: [facts({}, { picture: null }), 'unverified', 'no usable bars'],
    bytes_of_the_ledger: [
      facts({}, { ledger: { png_sha256: SHA } }),
      'verified',
      'drawn from these bars',
    ],
    other_bytes_than_the_ledger: [
      facts({}, { ledger: { png_sha256: OTHERS } }),
      'stale',
      'not the one that was drawn',
    ],
    hash_of_other_bars: [facts({ inspection: png(OTHERS) }), 'stale', 'other bars'],
    hash_of_these_bars: [facts({ inspection: png(OURS) }), 'attached', 'the label of the image'],
    other_pixels_than_the_label: [
      facts({ inspection: png(OURS), pixelSha256: null }),
      'stale',
      'not those that its label names',
    ],
    older_than_bars: [
      facts({ lastModified: new Date('2025-11-15T11:59:59Z') }),
      'stale',
      '(2025-11-15T11:59:59.000Z) is older than its bars (2025-11-15T12:00:00.500Z)',
    ],
    too_large_to_check: [facts({ tooLarge: TOO_LARGE }), 'unverified', TOO_LARGE],
    no_hash: [facts({}), 'unverified', 'carries no hash'],
  };
  it.each(FRESHNESS_REASONS)('%s', (reason) => {
    const [given, freshness, words] = REASONS[reason];
    expect(assessFreshness(given)).toEqual({
      freshness,
      reason,
      detail: expect.stringContaining(words),
    });
  });

  it('says who claims the hash of these bars', () => {
    expect(assessFreshness(facts({ metadataSnapshotSha256: OURS })).detail).toContain('metadata');
  });

  it('believes the ledger before any claim, and a broken image never', () => {
    const ledger = { png_sha256: SHA };
    const painted = { inspection: png(OTHERS), metadataSnapshotSha256: OTHERS, pixelSha256: null };
    expect(assessFreshness(facts(painted, { ledger }))).toMatchObject({ freshness: 'verified' });
    const broken = { kind: 'broken', reason: 'cut' } as const;
    expect(assessFreshness(facts({ inspection: broken }, { ledger })).reason).toBe('damaged');
  });

  it('has a word for each answer, the servable ones first', () => {
    expect(FRESHNESS).toEqual(['verified', 'attached', 'unverified', 'stale', 'missing']);
    expect(SERVABLE_FRESHNESS).toEqual(['verified', 'attached', 'unverified']);
  });
});

describe('which row of the ledger speaks for an object', () => {
  const KEY = 'd'.repeat(32);
  const ref = { bucket: 'charts', key: `charts/TSLA/daily/${KEY}.png` };
  const picture = { ref, renderKey: KEY };
  const row = { render_key: KEY, png_sha256: SHA };

  it.each([
    ['the object of this very picture', ref, true],
    ['another object', { ...ref, key: 'other.png' }, false],
    ['the same key in another bucket', { ...ref, bucket: 'uploads' }, false],
    ['nothing that may be read', null, false],
  ])('%s', (_name, place, isOwn) => {
    expect(isOwnPlace(place, picture)).toBe(isOwn);
    expect(ledgerRowFor(place, picture, row)).toBe(isOwn ? row : null);
  });

  it.each([
    ['there is no row', ref, picture, null],
    ['there are no usable bars', ref, null, row],
    ['the row is of another render', ref, picture, { ...row, render_key: 'e'.repeat(32) }],
  ])('none when %s', (_name, place, shown, known) => {
    expect(ledgerRowFor(place, shown, known)).toBeNull();
  });

  it.each([
    [row, SHA, true],
    [row, OTHERS, false],
    [null, SHA, false],
  ])('the file of %o is %s: %s', (known, sha256, isIt) => {
    expect(isLedgerFile(known, sha256)).toBe(isIt);
  });
});

it.each([
  // Last-Modified has whole seconds: the object may be of any moment of its second.
  ['2025-11-15T12:00:00.000Z', 'stale'],
  ['2025-11-15T11:59:59.999Z', 'unverified'],
])('an object of 11:59:59 beside bars of %s is %s', (fetchedAt, freshness) => {
  const object = facts({ lastModified: new Date('2025-11-15T11:59:59Z') });
  expect(assessFreshness({ ...object, fetchedAt: new Date(fetchedAt) }).freshness).toBe(freshness);
});
