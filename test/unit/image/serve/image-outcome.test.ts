import { beforeAll, describe, expect, it } from 'vitest';
import { BarsError } from '../../../../src/bars/parse-bars.ts';
import { AppError } from '../../../../src/errors.ts';
import type { Assessment, Freshness, ObjectFacts } from '../../../../src/image/assess-freshness.ts';
import type { ChartRow, Examination, Found } from '../../../../src/image/examine-image.ts';
import type { Picture } from '../../../../src/image/picture.ts';
import {
  askedAgain,
  decideOutcome,
  imageHeaders,
  olderImage,
  unchanged,
  verified,
  withoutBytes,
  type ImageFacts,
} from '../../../../src/image/serve/image-outcome.ts';
import { chartSource, greyPng, sha256, storedObject, usablePicture } from '../chart-fixture.ts';

const BYTES = greyPng();
const BYTES_SHA256 = sha256(BYTES);
const BYTES_ETAG = `"${BYTES_SHA256.slice(0, 32)}"`;
const CLAIMED = 'b'.repeat(64);

let picture: Picture;
beforeAll(async () => {
  picture = await usablePicture();
});

function found(facts: Partial<ObjectFacts> = {}): Found {
  return {
    ref: { bucket: 'charts', key: 'a.png' },
    object: storedObject({ bytes: BYTES }),
    facts: {
      inspection: { kind: 'png', width: 2, height: 2, provenance: null },
      sha256: BYTES_SHA256,
      pixelSha256: null,
      tooLarge: null,
      lastModified: null,
      metadataSnapshotSha256: null,
      ...facts,
    },
  };
}

function row(state: ChartRow['state'] = { kind: 'usable', picture }): ChartRow {
  return {
    source: chartSource(),
    state,
    picture: state.kind === 'usable' ? state.picture : null,
    named: { ref: { bucket: 'charts', key: 'a.png' } },
  };
}

function examined(freshness: Freshness, more: Partial<Examination> = {}): Examination {
  const assessment = { freshness, reason: 'no_hash', detail: `it is ${freshness}` } as Assessment;
  const isThere = freshness !== 'missing';
  const base = { kind: 'examined', row: row(), ledger: null, assessment } as const;
  return { ...base, found: isThere ? found() : null, ...more };
}

describe('decideOutcome', () => {
  const ABSENT = { kind: 'absent' } as const;
  const UNUSABLE = {
    kind: 'unusable',
    error: new BarsError([{ field: 'bars[0].high', message: 'is below low' }]),
  } as const;

  it.each<[Freshness, 'serve' | 'regenerate', 'bars' | 'no bars', string]>([
    ['verified', 'serve', 'bars', 'serve verified'],
    ['verified', 'regenerate', 'bars', 'serve verified'],
    ['attached', 'serve', 'bars', 'serve attached'],
    ['attached', 'regenerate', 'bars', 'serve attached'],
    ['unverified', 'serve', 'bars', 'serve unverified'],
    ['unverified', 'regenerate', 'bars', 'redraw unverified'],
    ['unverified', 'serve', 'no bars', 'serve unverified'],
    ['unverified', 'regenerate', 'no bars', 'serve unverified'],
    ['stale', 'serve', 'bars', 'redraw stale'],
    ['stale', 'regenerate', 'bars', 'redraw stale'],
    ['stale', 'serve', 'no bars', 'refuse nothing_to_draw'],
    ['missing', 'serve', 'bars', 'redraw missing'],
    ['missing', 'regenerate', 'bars', 'redraw missing'],
    ['missing', 'serve', 'no bars', 'refuse nothing_to_draw'],
  ])('%s, UNVERIFIED_OBJECTS=%s, %s: %s', (freshness, policy, bars, expected) => {
    const given = examined(freshness, bars === 'bars' ? {} : { row: row(ABSENT) });
    const decision = decideOutcome(given, policy);
    const said = {
      serve: () => (decision.kind === 'serve' ? decision.image.freshness : ''),
      redraw: () => (decision.kind === 'redraw' ? decision.redraw.reason.reason : ''),
      refuse: () => (decision.kind === 'refuse' ? (decision.error as AppError).code : ''),
    }[decision.kind]();
    expect(`${decision.kind} ${said}`).toBe(expected);
  });

  it('serves the picture itself under its render key', () => {
    expect(decideOutcome(examined('verified'), 'serve')).toEqual({
      kind: 'serve',
      contentKey: picture.renderKey,
      image: {
        kind: 'image',
        bytes: BYTES,
        contentType: 'image/png',
        etag: `"${picture.renderKey}"`,
        source: 'store',
        freshness: 'verified',
        snapshotSha256: picture.snapshotSha256,
        renderKey: picture.renderKey,
        caching: 'shared',
      },
    });
  });

  it.each(['attached', 'unverified'] as const)(
    'serves what is %s under its own bytes',
    (freshness) => {
      expect(decideOutcome(examined(freshness), 'serve')).toMatchObject({
        contentKey: BYTES_SHA256,
        image: {
          etag: BYTES_ETAG,
          snapshotSha256: freshness === 'attached' ? picture.snapshotSha256 : null,
          renderKey: picture.renderKey,
          source: 'store',
          caching: 'shared',
        },
      });
    },
  );

  it('serves a JPEG as what it is, without a key when there are no bars', () => {
    const jpeg = { kind: 'jpeg', width: 2, height: 2, provenance: null } as const;
    const given = examined('unverified', { row: row(ABSENT), found: found({ inspection: jpeg }) });
    expect(decideOutcome(given, 'serve')).toMatchObject({
      image: { contentType: 'image/jpeg', renderKey: null, snapshotSha256: null },
    });
  });

  it('redraws with the reason, and with what may stand in for it', () => {
    const older = found();
    expect(decideOutcome(examined('stale', { found: older }), 'serve')).toEqual({
      kind: 'redraw',
      redraw: {
        source: chartSource(),
        picture,
        reason: { reason: 'stale', detail: 'it is stale' },
        older,
        useStore: true,
      },
    });
    expect(decideOutcome(examined('missing'), 'serve')).toMatchObject({
      redraw: { older: null, useStore: true },
    });
  });

  it('refuses with the bad bars, or with why there is nothing to draw', () => {
    expect(decideOutcome(examined('missing', { row: row(UNUSABLE) }), 'serve')).toMatchObject({
      kind: 'refuse',
      error: {
        code: 'unusable_bars',
        fields: [{ field: 'metadata.market_data_snapshot.bars[0].high' }],
      },
    });
    const nothing = decideOutcome(examined('missing', { row: row(ABSENT) }), 'serve');
    expect(nothing).toMatchObject({
      error: { code: 'nothing_to_draw', message: expect.stringContaining('(it is missing)') },
    });
  });

  it.each([
    ['down', new AppError('store_unavailable', 'down'), 'redraw'],
    ['broken in a way of its own', new Error('reset'), 'redraw'],
    ['too busy, as we are', new AppError('busy', 'too much'), 'refuse'],
  ])('of a store that is %s', (_name, error, kind) => {
    const decision = decideOutcome({ kind: 'unread', row: row(), error }, 'serve');
    expect(decision).toMatchObject(
      kind === 'refuse'
        ? { kind, error }
        : {
            kind,
            redraw: { picture, older: null, useStore: false, reason: { reason: 'missing' } },
          },
    );
  });

  it('refuses with the error of a store that only it could have helped', () => {
    const error = new AppError('store_unavailable', 'down');
    const unread = { kind: 'unread', row: row(ABSENT), error } as const;
    expect(decideOutcome(unread, 'serve')).toEqual({ kind: 'refuse', error });
  });
});

describe('olderImage', () => {
  const label = { snapshot_sha256: 'd'.repeat(64) } as never;

  it.each([
    ['its metadata', { metadataSnapshotSha256: CLAIMED }, CLAIMED],
    [
      'its label',
      { inspection: { kind: 'png', width: 2, height: 2, provenance: label } as const },
      'd'.repeat(64),
    ],
    ['nothing', {}, null],
  ])('says that it is stale, and of which bars by %s', (_name, facts, snapshotSha256) => {
    expect(olderImage(found(facts), picture)).toEqual({
      kind: 'image',
      bytes: BYTES,
      contentType: 'image/png',
      etag: BYTES_ETAG,
      source: 'stale',
      freshness: 'stale',
      snapshotSha256,
      renderKey: picture.renderKey,
      caching: 'revalidate',
    });
  });

  it('is none when what lies there is no picture', () => {
    expect(
      olderImage(found({ inspection: { kind: 'broken', reason: 'cut' } }), picture),
    ).toBeNull();
  });
});

describe('who has the picture already', () => {
  it('is told so with the same facts and without its bytes', () => {
    const facts = { ...verified(picture), source: 'edge', caching: 'shared' } as const;
    expect(unchanged(picture)).toEqual({ kind: 'not_modified', ...facts });
    const image = { kind: 'image', bytes: BYTES, contentType: 'image/png', ...facts } as const;
    expect(withoutBytes(image)).toEqual({ kind: 'not_modified', ...facts });
  });
});

describe('imageHeaders', () => {
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

describe('an answer to who asks again', () => {
  const drawn = {
    kind: 'image',
    etag: '"k"',
    snapshotSha256: null,
    renderKey: 'k',
    bytes: BYTES,
    contentType: 'image/png',
    source: 'rendered',
    freshness: 'regenerated',
    caching: 'shared',
  } as const;

  it('says of what was drawn and stored that it is verified', () => {
    expect(askedAgain(drawn)).toEqual({ ...drawn, source: 'store', freshness: 'verified' });
  });

  it.each([
    ['was drawn and could not be stored', { caching: 'brief' }],
    ['was found', { source: 'store', freshness: 'attached' }],
    ['is older than its bars', { source: 'stale', freshness: 'stale', caching: 'revalidate' }],
  ] as const)('says the same of what %s', (_, facts) => {
    expect(askedAgain({ ...drawn, ...facts })).toEqual({ ...drawn, ...facts });
  });
});
