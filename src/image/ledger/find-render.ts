import { sha256Hex } from '../../digest.ts';
import { AppError, failure } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { EdgeCache } from '../../storage/edge-cache.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { isLedgerFile } from '../assess-freshness.ts';
import type { ChartSource, ChartSourceRepository } from '../chart-source.repository.ts';
import { pictureOf, type Picture } from '../picture.ts';
import type { ImageOutcome } from '../serve/image-outcome.ts';
import type { ServeImage } from '../serve/serve-image.ts';
import type { ChartRenderRow } from './chart-render.table.ts';
import type { RenderLedger } from './render-ledger.repository.ts';

export interface FindRenderDependencies {
  readonly edge: EdgeCache;
  readonly store: ObjectStore;
  readonly ledger: RenderLedger;
  readonly sources: ChartSourceRepository;
  readonly buckets: readonly [string, ...string[]];
  /** The image path, which draws what is missing. */
  readonly serveImage: ServeImage;
  /** Work that may outlive the answer. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly log: Log;
}

/** A render's own file, and where it was found. */
export interface FoundRender {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly source: ImageOutcome['source'];
  readonly freshness: 'verified' | 'regenerated';
}

/** How many of the artifacts that show a render are looked at for its bars. */
const ARTIFACTS_ASKED = 3;

/**
 * The PNG of a render that the ledger knows: from the edge, from the store, or drawn anew for an
 * artifact that has its bars still. Null when it is gone and nobody has them; throws what the store
 * throws when only it could have helped.
 */
export async function findRender(
  deps: FindRenderDependencies,
  row: ChartRenderRow,
): Promise<FoundRender | null> {
  const cached = await deps.edge.getImage(row.render_key);
  if (cached !== null && isLedgerFile(row, await sha256Hex(cached.bytes)))
    return { bytes: cached.bytes, source: 'edge', freshness: 'verified' };
  let problem: unknown = null;
  if (deps.buckets.includes(row.bucket)) {
    try {
      const object = await deps.store.get({ bucket: row.bucket, key: row.object_key });
      if (object !== null && isLedgerFile(row, await sha256Hex(object.bytes))) {
        const { bytes } = object;
        deps.defer(deps.edge.putImage(row.render_key, { bytes, contentType: 'image/png' }));
        return { bytes, source: 'store', freshness: 'verified' };
      }
    } catch (error) {
      // Too busy to read is too busy to draw.
      if (error instanceof AppError && error.code === 'busy') throw error;
      deps.log.warn('render.read_failed', { render_key: row.render_key, ...failure(error) });
      problem = error;
    }
  }
  const shown = await findPicture(deps, row);
  if (shown !== null) {
    const outcome = await deps.serveImage(shown.source.id, { knows: () => false });
    const { source, freshness } = outcome;
    const isProved = freshness === 'verified' || freshness === 'regenerated';
    if (outcome.kind === 'image' && outcome.renderKey === row.render_key && isProved)
      return { bytes: outcome.bytes, source, freshness };
  }
  if (problem !== null) throw problem;
  return null;
}

/** An artifact whose row still makes this very render; null when there is none. */
export async function findPicture(
  deps: Pick<FindRenderDependencies, 'ledger' | 'sources' | 'buckets'>,
  row: ChartRenderRow,
): Promise<{ source: ChartSource; picture: Picture } | null> {
  const artifacts = await deps.ledger.shownBy([row.render_key]);
  for (const { artifact_id: id } of artifacts.slice(-ARTIFACTS_ASKED)) {
    const source = await deps.sources.find(id);
    if (source === null) continue;
    const state = await pictureOf(source, deps.buckets[0]);
    if (state.kind === 'usable' && state.picture.renderKey === row.render_key)
      return { source, picture: state.picture };
  }
  return null;
}
