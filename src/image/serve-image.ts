import type { Config } from '../config.ts';
import { AppError, failure } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { EdgeCache } from '../storage/edge-cache.ts';
import { parseStoredUrl } from '../storage/object-ref.ts';
import type { ObjectRef, ObjectStore, StoredObject } from '../storage/object-store.ts';
import { assessFreshness, type Assessment } from './assess-freshness.ts';
import type { ChartSource, ChartSourceRepository } from './chart-source.repository.ts';
import { objectFacts } from './object-facts.ts';
import { fetchedAt, pictureOf, type Picture, type PictureState } from './picture.ts';
import type { Pointer, PointerCache } from './pointer.ts';
import type { RenderGate } from './render-job.ts';
import {
  asFound,
  contentTypeOf,
  olderImage,
  pointerOf,
  quoted,
  verified,
  type Found,
  type ImageOutcome,
} from './image-outcome.ts';
import type { RenderReason } from './render-ledger.repository.ts';
import type { ScanFile } from './scan-file.ts';
import { unusableBars } from './unusable-bars.ts';

export interface ImageDependencies {
  readonly config: Pick<Config, 'store' | 'unverifiedObjects'>;
  readonly sources: ChartSourceRepository;
  readonly store: ObjectStore;
  readonly scanFile: ScanFile;
  readonly edge: EdgeCache;
  readonly pointers: PointerCache;
  readonly gateOf: (renderKey: string) => RenderGate;
  /** Work that may outlive the answer. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly log: Log;
}

/** From the miss to the picture in hand; longer than any chart takes to draw, shorter than people wait. */
export const RENDER_DEADLINE_MS = 15_000;
const FILL_AFTER_MS = 2;

/**
 * The image of one artifact: edge, then the object its row names, then a redraw. Outcomes are values; what is thrown is
 * an `AppError` that the wire knows (404, 400, 409, 422, 503, 504).
 */
export function createServeImage(deps: ImageDependencies) {
  return async function serveImage(
    artifactId: number,
    knows: (etag: string) => boolean,
  ): Promise<ImageOutcome> {
    const remembered = await fromPointer(deps, artifactId, knows);
    if (remembered !== null) return remembered;

    const source = await deps.sources.find(artifactId);
    if (source === null) throw new AppError('not_found', `There is no artifact ${artifactId}.`);
    if (source.type !== 'chart') {
      throw new AppError(
        'not_a_chart',
        `Artifact ${artifactId} is of type "${source.type}"; only charts have images.`,
      );
    }
    const state = await pictureOf(source, deps.config.store.buckets[0]);
    if (state.kind === 'usable' && knows(quoted(state.picture.renderKey))) return unchanged(state.picture);

    const named = namedObject(source, deps.config.store.buckets);
    const fromEdge = await fromContentCache(deps, source, state, named);
    return fromEdge ?? fromStoreOrRedraw(deps, source, state, named, knows);
  };
}

async function fromPointer(
  deps: ImageDependencies,
  artifactId: number,
  knows: (etag: string) => boolean,
): Promise<ImageOutcome | null> {
  const pointer = await deps.pointers.get(artifactId);
  if (pointer === null) return null;
  const facts = { ...pointer, source: 'edge', caching: 'shared' } as const;
  if (knows(pointer.etag)) return { kind: 'not_modified', ...facts };
  const image = await deps.edge.getImage(pointer.contentKey);
  return image === null ? null : { kind: 'image', ...facts, ...image };
}

/** The client holds this very picture: nothing is read and nothing is drawn. */
function unchanged(picture: Picture): ImageOutcome {
  return { kind: 'not_modified', ...verified(picture), source: 'edge', caching: 'shared' };
}

/** Where the row says its image is, or why that is nowhere we may look. */
type NamedObject = { readonly ref: ObjectRef } | { readonly problem: string };

function namedObject(source: ChartSource, buckets: readonly string[]): NamedObject {
  if (source.storedUrl === null) return { problem: 'the row names no image' };
  return parseStoredUrl(source.storedUrl, buckets);
}

/** Another colo's or an earlier day's render: only when the row points at this picture's own object. */
async function fromContentCache(
  deps: ImageDependencies,
  source: ChartSource,
  state: PictureState,
  named: NamedObject,
): Promise<ImageOutcome | null> {
  if (state.kind !== 'usable' || !('ref' in named) || !isSame(named.ref, state.picture.ref)) return null;
  const image = await deps.edge.getImage(state.picture.renderKey);
  if (image === null) return null;
  const facts = verified(state.picture);
  deps.defer(deps.pointers.put(source.id, pointerOf(facts, state.picture.renderKey)));
  return { kind: 'image', ...facts, ...image, source: 'edge', caching: 'shared' };
}

async function fromStoreOrRedraw(
  deps: ImageDependencies,
  source: ChartSource,
  state: PictureState,
  named: NamedObject,
  knows: (etag: string) => boolean,
): Promise<ImageOutcome> {
  const picture = state.kind === 'usable' ? state.picture : null;
  let object: StoredObject | null = null;
  try {
    if ('ref' in named) object = await deps.store.get(named.ref);
  } catch (error) {
    if (picture === null) throw error;
    deps.log.warn('image.read_failed', { artifact_id: source.id, ...failure(error) });
    const reason = { reason: 'missing', detail: 'the object store could not be asked' } as const;
    return redraw(deps, source, picture, reason, null, false);
  }

  const underRenderKey = picture !== null && 'ref' in named && isSame(named.ref, picture.ref);
  const ledgerSha256 =
    underRenderKey && source.ledger?.render_key === picture.renderKey ? source.ledger.png_sha256 : null;
  const facts = object === null ? null : await objectFacts(object, { scanFile: deps.scanFile, ledgerSha256 });
  const assessment = assessFreshness({
    object: facts,
    absence: 'problem' in named ? named.problem : 'nothing lies at the place that the row names',
    picture,
    underRenderKey,
    ledgerSha256,
    fetchedAt: fetchedAt(source.snapshot),
  });
  const found = object === null || facts === null ? null : { object, facts };
  const reason = reasonToRedraw(assessment, deps.config.unverifiedObjects, picture);
  if (reason === null) return serveFound(deps, source, picture, assessment, found, knows);
  if (picture === null) throw cannotDraw(source, state, assessment);
  return redraw(deps, source, picture, reason, found, true);
}

/** Null: what lies there may be served. */
function reasonToRedraw(
  assessment: Assessment,
  unverifiedObjects: 'serve' | 'regenerate',
  picture: Picture | null,
): RenderReason | null {
  const { freshness, detail } = assessment;
  if (freshness === 'missing' || freshness === 'stale') return { reason: freshness, detail };
  const mayRedraw = unverifiedObjects === 'regenerate' && picture !== null;
  return freshness === 'unverified' && mayRedraw ? { reason: 'unverified', detail } : null;
}

function serveFound(
  deps: ImageDependencies,
  source: ChartSource,
  picture: Picture | null,
  assessment: Assessment,
  found: Found | null,
  knows: (etag: string) => boolean,
): ImageOutcome {
  if (found === null) throw new TypeError('only an object that was found can be served');
  const isVerified = assessment.freshness === 'verified' && picture !== null;
  const facts = isVerified ? verified(picture) : asFound(found, picture, assessment);
  const contentKey = isVerified ? picture.renderKey : found.facts.sha256;
  const image = { bytes: found.object.bytes, contentType: contentTypeOf(found.facts) };
  fillEdge(deps, source.id, pointerOf(facts, contentKey), image);
  if (knows(facts.etag)) return { kind: 'not_modified', ...facts, source: 'store', caching: 'shared' };
  return { kind: 'image', ...facts, ...image, source: 'store', caching: 'shared' };
}

async function redraw(
  deps: ImageDependencies,
  source: ChartSource,
  picture: Picture,
  reason: RenderReason,
  older: Found | null,
  useStore: boolean,
): Promise<ImageOutcome> {
  const job = { artifactId: source.id, picture, reason, fingerprint: source.fingerprint, useStore };
  try {
    const answer = await withDeadline(deps.gateOf(picture.renderKey).render(job));
    if (!answer.ok) throw new AppError(answer.code, answer.message);
    const facts = verified(picture);
    const image = { bytes: answer.png, contentType: 'image/png' };
    if (!answer.stored) {
      const unstored = { freshness: 'regenerated', source: 'rendered', caching: 'brief' } as const;
      return { kind: 'image', ...facts, ...image, ...unstored, etag: `W/${facts.etag}` };
    }
    fillEdge(deps, source.id, pointerOf(facts, picture.renderKey), image);
    if (!answer.drawn) return { kind: 'image', ...facts, ...image, source: 'store', caching: 'shared' };
    return {
      kind: 'image',
      ...facts,
      ...image,
      freshness: 'regenerated',
      source: 'rendered',
      caching: 'shared',
    };
  } catch (error) {
    const refusal = error instanceof AppError ? error : drawingFailed(error);
    deps.log.error('image.redraw_failed', {
      artifact_id: source.id,
      render_key: picture.renderKey,
      ...failure(refusal),
    });
    const stale = older === null ? null : olderImage(older, picture);
    if (stale === null) throw refusal;
    return stale;
  }
}

/** Not before the answer is on its way: a cache that takes the bytes at the same time holds up those of the answer. */
function fillEdge(
  deps: ImageDependencies,
  artifactId: number,
  pointer: Pointer,
  image: { bytes: Uint8Array<ArrayBuffer>; contentType: string },
): void {
  const filled = new Promise((resolve) => setTimeout(resolve, FILL_AFTER_MS)).then(() =>
    deps.edge.putImage(pointer.contentKey, image),
  );
  deps.defer(Promise.all([filled, deps.pointers.put(artifactId, pointer)]));
}

function cannotDraw(source: ChartSource, state: PictureState, { detail }: Assessment): AppError {
  if (state.kind === 'unusable') return unusableBars(state.error);
  return new AppError(
    'nothing_to_draw',
    `Artifact ${source.id} has no image (${detail}) and no bars to draw one from (metadata.market_data_snapshot.bars).`,
  );
}

function drawingFailed(cause: unknown): AppError {
  return new AppError('render_failed', 'The chart could not be drawn.', { cause });
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new AppError('render_timeout', `Drawing took longer than ${RENDER_DEADLINE_MS / 1000} s.`)),
      RENDER_DEADLINE_MS,
    );
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.bucket === b.bucket && a.key === b.key;
}
