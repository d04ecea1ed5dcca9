import { AppError } from '../errors.ts';
import { parseStoredUrl } from '../storage/object-ref.ts';
import type { ObjectRef, StoredObject } from '../storage/object-store.ts';
import { assessFreshness, type Assessment, type ObjectFacts } from './assess-freshness.ts';
import type { ChartRenderRow } from './chart-render.table.ts';
import type { ChartSource, ChartSourceRepository } from './chart-source.repository.ts';
import { objectFacts } from './object-facts.ts';
import { fetchedAt, type Picture } from './picture.ts';
import type { ScanFile } from './scan-file.ts';

/** Where the row says its image is, or why that is nowhere we may look. */
export type NamedObject = { readonly ref: ObjectRef } | { readonly problem: string };

/** The row of a chart. Throws `not_found` or `not_a_chart`. */
export async function findChart(
  sources: ChartSourceRepository,
  artifactId: number,
): Promise<ChartSource> {
  const source = await sources.find(artifactId);
  if (source === null) throw new AppError('not_found', `There is no artifact ${artifactId}.`);
  if (source.type === 'chart') return source;
  throw new AppError(
    'not_a_chart',
    `Artifact ${artifactId} is of type "${source.type}"; only charts have images.`,
  );
}

/** A stored address is only parsed; nothing but our own buckets is ever asked. */
export function namedObject(source: ChartSource, buckets: readonly string[]): NamedObject {
  if (source.storedUrl === null) return { problem: 'the row names no image' };
  return parseStoredUrl(source.storedUrl, buckets);
}

/** The object lies where this picture's render belongs. */
export function isOwnPlace(named: NamedObject, picture: Picture): boolean {
  return (
    'ref' in named && named.ref.bucket === picture.ref.bucket && named.ref.key === picture.ref.key
  );
}

/**
 * One judgement for who is shown an image and for who asks what it is. `ledger`: the row of any
 * render, or none.
 */
export async function assessStored(
  scanFile: ScanFile,
  stored: {
    readonly source: ChartSource;
    readonly picture: Picture | null;
    readonly named: NamedObject;
    readonly object: StoredObject | null;
    readonly ledger: ChartRenderRow | null;
  },
): Promise<{ assessment: Assessment; facts: ObjectFacts | null }> {
  const { source, picture, named, object, ledger } = stored;
  const underRenderKey = picture !== null && isOwnPlace(named, picture);
  const isItsRow = underRenderKey && ledger?.render_key === picture.renderKey;
  const ledgerSha256 = isItsRow ? ledger.png_sha256 : null;
  const facts = object === null ? null : await objectFacts(object, { scanFile, ledgerSha256 });
  const assessment = assessFreshness({
    object: facts,
    absence: 'problem' in named ? named.problem : 'nothing lies at the place that the row names',
    picture,
    underRenderKey,
    ledgerSha256,
    fetchedAt: fetchedAt(source.snapshot),
  });
  return { assessment, facts };
}
