import { beforeAll, describe, expect, it } from 'vitest';
import { BarsError } from '../../../../src/bars/parse-bars.ts';
import { AppError } from '../../../../src/errors.ts';
import type { ChartRow, Examination } from '../../../../src/image/examine-image.ts';
import { ledgerEntry } from '../../../../src/image/ledger/ledger-entry.ts';
import type { Picture } from '../../../../src/image/picture.ts';
import {
  describeExamination,
  verifyArtifactImage,
  type VerifyDependencies,
} from '../../../../src/image/verify/verify-artifact.ts';
import {
  BUCKET,
  chartSource,
  greyPng,
  ledgerRow,
  sha256,
  snapshot,
  storedObject,
  urlOf,
  usablePicture,
} from '../chart-fixture.ts';

const file = greyPng();
let picture: Picture;
beforeAll(async () => {
  picture = await usablePicture();
});

const row = (state: ChartRow['state']): ChartRow => ({
  source: chartSource({ storedUrl: 's3://charts/a.png' }),
  state,
  picture: state.kind === 'usable' ? state.picture : null,
  named: { ref: { bucket: BUCKET, key: 'a.png' } },
});

const examination = (more: Partial<Examination> = {}): Examination => ({
  kind: 'examined',
  row: row({ kind: 'usable', picture }),
  found: null,
  ledger: null,
  assessment: { freshness: 'missing', reason: 'no_object', detail: 'nothing lies there' },
  ...more,
});

describe('describeExamination', () => {
  it.each([
    ['verified', true],
    ['attached', true],
    ['unverified', false],
    ['stale', false],
    ['missing', false],
  ] as const)('%s matches: %s', (freshness, matches) => {
    const assessment = { freshness, reason: 'no_hash', detail: 'why' } as const;
    expect(describeExamination(examination({ assessment }))).toMatchObject({
      artifact_id: 7,
      matches,
      freshness,
      reason: 'no_hash',
      detail: 'why',
      object: null,
      ledger: null,
    });
  });

  it('says what the row has, with its bad bars under the names of the row', () => {
    expect(describeExamination(examination()).row).toEqual({
      stored_url: 's3://charts/a.png',
      bars: 'usable',
      problems: [],
      bar_count: 5,
      snapshot_sha256: picture.snapshotSha256,
      render_key: picture.renderKey,
      fetched_at: '2025-06-01T12:00:00.000Z',
    });
    const error = new BarsError([{ field: 'bars[0]', message: 'must be an object' }]);
    expect(describeExamination(examination({ row: row({ kind: 'unusable', error }) })).row).toEqual(
      {
        stored_url: 's3://charts/a.png',
        bars: 'unusable',
        problems: [
          { field: 'metadata.market_data_snapshot.bars[0]', message: 'must be an object' },
        ],
        bar_count: null,
        snapshot_sha256: null,
        render_key: null,
        fetched_at: '2025-06-01T12:00:00.000Z',
      },
    );
  });

  const label = { pixel_sha256: 'c'.repeat(64), symbol: 'TSLA' } as never;
  it.each([
    ['no label', null, 'c'.repeat(64), null],
    ['its own pixels', label, 'c'.repeat(64), true],
    ['other pixels', label, 'd'.repeat(64), false],
    ['pixels that nobody hashed', label, null, null],
  ])('compares a label with the pixels: %s', (_name, provenance, pixelSha256, matches) => {
    const found = {
      ref: { bucket: BUCKET, key: 'a.png' },
      object: storedObject({ bytes: file }),
      facts: {
        inspection: { kind: 'png', width: 2, height: 3, provenance } as const,
        sha256: sha256(file),
        pixelSha256,
        tooLarge: null,
        lastModified: null,
        metadataSnapshotSha256: 'b'.repeat(64),
      },
    };
    expect(describeExamination(examination({ found })).object).toEqual({
      bucket: BUCKET,
      key: 'a.png',
      kind: 'png',
      width: 2,
      height: 3,
      byte_size: file.byteLength,
      etag: '"e"',
      last_modified: '2025-06-02T00:00:00.000Z',
      sha256: sha256(file),
      metadata_snapshot_sha256: 'b'.repeat(64),
      claims: provenance,
      pixel_sha256: pixelSha256,
      pixels_match_claim: matches,
    });
  });

  it('knows no size of what is broken', () => {
    const found = {
      ref: { bucket: BUCKET, key: 'a.png' },
      object: storedObject({ lastModified: null }),
      facts: {
        inspection: { kind: 'broken', reason: 'it is cut off' } as const,
        sha256: sha256(file),
        pixelSha256: null,
        tooLarge: null,
        lastModified: null,
        metadataSnapshotSha256: null,
      },
    };
    expect(describeExamination(examination({ found })).object).toMatchObject({
      kind: 'broken',
      width: null,
      height: null,
      claims: null,
      last_modified: null,
      pixels_match_claim: null,
    });
  });
});

describe('verifyArtifactImage', () => {
  function setUp(at: string, given: { snapshot?: unknown; error?: Error } = {}) {
    const asked: string[] = [];
    const deps = {
      buckets: [BUCKET],
      sources: {
        find: async () => {
          asked.push('row');
          const of = given.snapshot === undefined ? snapshot : given.snapshot;
          return chartSource({ storedUrl: at, snapshot: of });
        },
      },
      store: {
        get: async () => {
          asked.push('object');
          if (given.error !== undefined) throw given.error;
          return storedObject({ bytes: file });
        },
      },
      ledger: {
        find: async (key: string) => {
          asked.push(`ledger ${key}`);
          return ledgerRow(picture, file);
        },
      },
      scanFile: async () => ({ kind: 'intact', width: 2, height: 2, pixelSha256: null }),
    } as unknown as VerifyDependencies;
    return { deps, asked };
  }

  it('asks row, object and ledger once each', async () => {
    const { deps, asked } = setUp(urlOf(picture.ref));
    expect(await verifyArtifactImage(deps, 7)).toMatchObject({
      freshness: 'verified',
      object: { pixel_sha256: 'c'.repeat(64) },
      ledger: ledgerEntry(ledgerRow(picture, file)),
    });
    expect(asked).toEqual(['row', 'object', `ledger ${picture.renderKey}`]);
  });

  it('shows the ledger’s row of the bars wherever the object lies', async () => {
    const { deps } = setUp('s3://charts/a.png');
    expect(await verifyArtifactImage(deps, 7)).toMatchObject({
      freshness: 'unverified',
      ledger: { render_key: picture.renderKey },
    });
  });

  it('does not ask the ledger of a row without bars', async () => {
    const { deps, asked } = setUp('s3://charts/a.png', { snapshot: null });
    expect(await verifyArtifactImage(deps, 7)).toMatchObject({ reason: 'no_bars', ledger: null });
    expect(asked).toEqual(['row', 'object']);
  });

  it('fails with the store', async () => {
    const error = new AppError('store_unavailable', 'down');
    const { deps } = setUp('s3://charts/a.png', { error });
    await expect(verifyArtifactImage(deps, 7)).rejects.toBe(error);
  });
});
