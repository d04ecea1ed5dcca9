import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import type { ChartSource } from '../../../src/image/chart-source.repository.ts';
import {
  examineImage,
  namedObject,
  readChart,
  type ExamineDependencies,
} from '../../../src/image/examine-image.ts';
import type { ChartRenderRow } from '../../../src/image/ledger/chart-render.table.ts';
import { SNAPSHOT_METADATA } from '../../../src/image/object-metadata.ts';
import type { Picture } from '../../../src/image/picture.ts';
import { scanPng, type PngScan } from '../../../src/png/scan-png.ts';
import type { ObjectRef, StoredObject } from '../../../src/storage/object-store.ts';
import {
  BUCKET,
  chartSource,
  greyPng,
  ledgerRow,
  sha256,
  storedObject,
  urlOf,
  usablePicture,
} from './chart-fixture.ts';

/** A place with one object in it, and what was asked of whom, in order. */
function setUp(
  given: {
    source?: Partial<ChartSource> | null;
    object?: { ref: ObjectRef; stored: StoredObject } | Error;
    ledger?: ChartRenderRow | null | Error;
    scan?: PngScan | Error;
  } = {},
) {
  const asked: string[] = [];
  const deps: ExamineDependencies = {
    buckets: [BUCKET, 'uploads'],
    sources: {
      find: async (id) => {
        asked.push(`row ${id}`);
        return given.source === null ? null : chartSource({ id, ...given.source });
      },
    },
    store: {
      get: async (ref) => {
        asked.push(`object ${urlOf(ref)}`);
        if (given.object instanceof Error) throw given.object;
        if (given.object === undefined) return null;
        return urlOf(given.object.ref) === urlOf(ref) ? given.object.stored : null;
      },
    },
    scanFile: async (bytes, hash, options) => {
      asked.push(`scan ${hash}`);
      if (given.scan instanceof Error) throw given.scan;
      return given.scan ?? scanPng(bytes, options);
    },
    ledgerOf: async ({ picture }) => {
      asked.push(`ledger ${picture?.renderKey ?? 'of nothing'}`);
      if (given.ledger instanceof Error) throw given.ledger;
      return given.ledger ?? null;
    },
  };
  return { deps, asked };
}

let picture: Picture;
beforeAll(async () => {
  picture = await usablePicture();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('readChart', () => {
  const read = (source: Partial<ChartSource> | null) => readChart(setUp({ source }).deps, 7);

  it('reads the row once and nothing else', async () => {
    const { deps, asked } = setUp({ source: { storedUrl: 's3://charts/a.png' } });
    const row = await readChart(deps, 7);
    expect(asked).toEqual(['row 7']);
    expect(row).toMatchObject({
      source: { id: 7 },
      state: { kind: 'usable' },
      picture: { renderKey: picture.renderKey, ref: picture.ref },
      named: { ref: { bucket: 'charts', key: 'a.png' } },
    });
  });

  it.each([
    ['there is no row', null, 'not_found'],
    ['it is no chart', { type: 'signal' }, 'not_a_chart'],
  ])('refuses when %s', async (_name, source, code) => {
    await expect(read(source)).rejects.toMatchObject({ code });
  });

  it.each([
    ['absent', null],
    ['absent', { symbol: 'TSLA' }],
    ['unusable', { bars: [{ date: 'no date' }, { date: 'none' }] }],
  ])('has no picture of %s bars', async (kind, snapshot) => {
    expect(await read({ snapshot })).toMatchObject({ state: { kind }, picture: null });
  });
});

describe('namedObject', () => {
  it.each([
    [null, { ref: null, problem: 'the row names no image' }],
    ['s3://charts/a/b.png', { ref: { bucket: 'charts', key: 'a/b.png' } }],
    ['https://elsewhere.test/charts/a.png', { ref: { bucket: 'charts', key: 'a.png' } }],
    ['s3://secrets/a.png', { ref: null, problem: expect.stringContaining('MINIO_BUCKETS') }],
    ['/tmp/a.png', { ref: null, problem: expect.stringContaining('local file') }],
    ['s3://charts/../a.png', { ref: null, problem: expect.stringContaining('..') }],
    ['ftp://charts/a.png', { ref: null, problem: expect.stringContaining('neither') }],
  ])('of %s', (storedUrl, named) => {
    expect(namedObject(storedUrl, ['charts'])).toEqual(named);
  });
});

describe('examineImage', () => {
  const OTHER_KEY = '0'.repeat(32);
  const ELSEWHERE = { bucket: 'uploads', key: 'a.png' };
  const file = greyPng();
  const own = () => ({ ref: picture.ref, stored: storedObject({ bytes: file }) });
  const elsewhere = (more: Partial<StoredObject> = {}) => ({
    ref: ELSEWHERE,
    stored: storedObject({ bytes: file, ...more }),
  });
  const claim = (hash: string) => ({ [SNAPSHOT_METADATA]: hash });

  async function examine(given: Parameters<typeof setUp>[0] & { at?: ObjectRef }) {
    const { at, source, ...rest } = given;
    const storedUrl = at === undefined ? null : urlOf(at);
    const { deps, asked } = setUp({ source: { storedUrl, ...source }, ...rest });
    const row = await readChart(deps, 7);
    const examined = await examineImage(deps, row);
    return { examined, asked: asked.slice(1) };
  }

  const verdict = async (given: Parameters<typeof examine>[0]) => {
    const { examined, asked } = await examine(given);
    if (examined.kind === 'unread') throw examined.error;
    const { freshness, reason, detail } = examined.assessment;
    return { freshness, reason, detail, found: examined.found, ledger: examined.ledger, asked };
  };

  it('asks nobody for an image that the row does not name', async () => {
    const { asked, ...said } = await verdict({});
    expect(said).toMatchObject({
      freshness: 'missing',
      reason: 'no_object',
      detail: 'the row names no image',
      found: null,
    });
    expect(asked).toEqual([`ledger ${picture.renderKey}`]);
  });

  it('asks nobody for an image in a bucket that is not ours', async () => {
    const { asked, ...said } = await verdict({ source: { storedUrl: 's3://secrets/a.png' } });
    expect(said).toMatchObject({ freshness: 'missing', reason: 'no_object' });
    expect(said.detail).toContain('MINIO_BUCKETS');
    expect(asked).toEqual([`ledger ${picture.renderKey}`]);
  });

  it('finds nothing at an empty place', async () => {
    const { asked, ...said } = await verdict({ at: ELSEWHERE });
    expect(said).toMatchObject({
      freshness: 'missing',
      reason: 'no_object',
      detail: 'nothing lies at the place that the row names',
      found: null,
    });
    expect(asked).toEqual([`object ${urlOf(ELSEWHERE)}`, `ledger ${picture.renderKey}`]);
  });

  it('believes the file of the ledger without decoding it, and hashes it once', async () => {
    const ledger = ledgerRow(picture, file);
    const { deps, asked } = setUp({
      source: { storedUrl: urlOf(picture.ref) },
      object: own(),
      ledger,
    });
    const row = await readChart(deps, 7);
    const digest = vi.spyOn(crypto.subtle, 'digest');
    const examined = await examineImage(deps, row);
    expect(digest).toHaveBeenCalledTimes(1);
    expect(asked).toEqual(['row 7', `object ${urlOf(picture.ref)}`, `ledger ${picture.renderKey}`]);
    expect(examined).toMatchObject({
      kind: 'examined',
      row,
      ledger,
      assessment: { freshness: 'verified', reason: 'bytes_of_the_ledger' },
      found: {
        ref: picture.ref,
        object: { etag: '"e"' },
        facts: {
          inspection: { kind: 'png', width: 2, height: 2 },
          sha256: sha256(file),
          pixelSha256: ledger.pixel_sha256,
          tooLarge: null,
        },
      },
    });
  });

  it('hashes and decodes any other file once', async () => {
    const { deps, asked } = setUp({
      source: { storedUrl: urlOf(ELSEWHERE) },
      object: elsewhere(),
      scan: { kind: 'intact', width: 2, height: 2, pixelSha256: null },
    });
    const row = await readChart(deps, 7);
    const digest = vi.spyOn(crypto.subtle, 'digest');
    await examineImage(deps, row);
    expect(digest).toHaveBeenCalledTimes(1);
    expect(asked.filter((what) => what.startsWith('scan'))).toEqual([`scan ${sha256(file)}`]);
  });

  it('takes other bytes under the render key for stale, whatever they claim', async () => {
    const ledger = ledgerRow(picture, greyPng(9));
    const object = own();
    const claiming = {
      ...object,
      stored: { ...object.stored, metadata: claim(picture.snapshotSha256) },
    };
    const { asked, ...said } = await verdict({ at: picture.ref, object: claiming, ledger });
    expect(said).toMatchObject({ freshness: 'stale', reason: 'other_bytes_than_the_ledger' });
    expect(asked).toContain(`scan ${sha256(file)}`);
    expect(said.found?.facts.pixelSha256).not.toBe(ledger.pixel_sha256);
  });

  it('lets the ledger speak only for what lies under the render key', async () => {
    const ledger = ledgerRow(picture, file);
    const { asked, ...said } = await verdict({ at: ELSEWHERE, object: elsewhere(), ledger });
    expect(said).toMatchObject({ freshness: 'unverified', reason: 'no_hash', ledger });
    expect(asked).toContain(`scan ${sha256(file)}`);
    expect(said.found?.facts.pixelSha256).not.toBe(ledger.pixel_sha256);
  });

  it('does not let the row of another render speak', async () => {
    const ledger = { ...ledgerRow(picture, file), render_key: OTHER_KEY };
    const { asked, ...said } = await verdict({ at: picture.ref, object: own(), ledger });
    expect(said).toMatchObject({ freshness: 'unverified', reason: 'no_hash' });
    expect(asked).toContain(`scan ${sha256(file)}`);
  });

  it.each([
    ['these bars', () => picture.snapshotSha256, 'attached', 'hash_of_these_bars'],
    ['other bars', () => 'b'.repeat(64), 'stale', 'hash_of_other_bars'],
    ['no hash at all', () => 'nonsense', 'unverified', 'no_hash'],
  ])('reads metadata that claims %s', async (_name, hash, freshness, reason) => {
    const object = elsewhere({ metadata: claim(hash()) });
    expect(await verdict({ at: ELSEWHERE, object })).toMatchObject({ freshness, reason });
  });

  it('compares the time of the object with that of its bars', async () => {
    const object = elsewhere({ lastModified: new Date('2025-06-01T11:59:00Z') });
    expect(await verdict({ at: ELSEWHERE, object })).toMatchObject({
      freshness: 'stale',
      reason: 'older_than_bars',
    });
  });

  it('takes what is no image for damaged, without decoding it', async () => {
    const object = elsewhere({ bytes: file.slice(0, 20) });
    const { asked, ...said } = await verdict({ at: ELSEWHERE, object });
    expect(said).toMatchObject({ freshness: 'stale', reason: 'damaged' });
    expect(asked.some((what) => what.startsWith('scan'))).toBe(false);
  });

  it.each<[PngScan, string, string]>([
    [{ kind: 'damaged', reason: 'its rows end early' }, 'stale', 'damaged'],
    [{ kind: 'too_large', reason: 'it has too many pixels' }, 'unverified', 'too_large_to_check'],
  ])('believes the decoder: %o', async (scan, freshness, reason) => {
    const said = await verdict({ at: ELSEWHERE, object: elsewhere(), scan });
    expect(said).toMatchObject({ freshness, reason });
    expect(said.detail).toContain('reason' in scan ? scan.reason : '');
  });

  it('has nothing to compare with when the row has no bars', async () => {
    const given = { at: ELSEWHERE, object: elsewhere(), source: { snapshot: null } };
    const { asked, ...said } = await verdict(given);
    expect(said).toMatchObject({ freshness: 'unverified', reason: 'no_bars' });
    expect(asked).toContain('ledger of nothing');
  });

  it('says as a value that the store could not be asked', async () => {
    const error = new AppError('store_unavailable', 'down');
    const { examined, asked } = await examine({ at: ELSEWHERE, object: error });
    expect(examined).toMatchObject({
      kind: 'unread',
      error,
      row: { picture: { bars: [{}, {}, {}, {}, {}] } },
    });
    expect(asked.some((what) => what.startsWith('scan'))).toBe(false);
  });

  it.each([
    ['ledger', { ledger: new AppError('database_unavailable', 'down') }],
    ['decoder', { scan: new AppError('busy', 'too much') }],
  ])('fails with the %s', async (_name, given) => {
    const failed = Object.values(given)[0];
    await expect(examine({ at: ELSEWHERE, object: elsewhere(), ...given })).rejects.toBe(failed);
  });
});
