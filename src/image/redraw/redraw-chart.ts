import { DEFAULT_SPEC, RENDERER_VERSION } from '../../chart/chart-spec.ts';
import type { ChartRenderer, RenderedChart } from '../../chart/render-chart.ts';
import type { WorkQueue } from '../../concurrency/work-queue.ts';
import { sha256Hex } from '../../digest.ts';
import { AppError, failure } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { ObjectStore, StoredObject } from '../../storage/object-store.ts';
import { isLedgerFile } from '../assess-freshness.ts';
import { inspectImage } from '../inspect-image.ts';
import { newLedgerRow } from '../ledger/ledger-entry.ts';
import type { RenderLedger } from '../ledger/render-ledger.repository.ts';
import { PIXEL_METADATA, RENDERER_METADATA, SNAPSHOT_METADATA } from '../object-metadata.ts';
import type { Picture } from '../picture.ts';
import { barBytes } from '../queue-limits.ts';
import { reservePlace } from '../reserve-place.ts';

export interface RedrawDependencies {
  readonly store: ObjectStore;
  readonly ledger: RenderLedger;
  readonly renderer: ChartRenderer;
  /** Of all gates in this isolate. */
  readonly draws: WorkQueue;
  readonly log: Log;
  /** Milliseconds; injected so that a test can fix it. */
  readonly now: () => number;
}

/**
 * `stored`: these bytes lie under the render key and the ledger says so. `drawn`: they had to be
 * drawn for it.
 */
export interface Redrawn {
  readonly png: Uint8Array<ArrayBuffer>;
  readonly pngSha256: string;
  readonly drawn: boolean;
  readonly stored: boolean;
  readonly renderMs: number;
}

/** Another writer can win once between our look and our PUT, hardly ever twice. */
const WRITE_ATTEMPTS = 3;

/**
 * Draws a picture and writes it back, unless the store already holds it as the ledger says. With
 * the store or the database down the picture is drawn all the same and handed out as not stored.
 * Throws only when drawing fails, or `busy`, before anything is read when the queue of draws is
 * full.
 */
export async function redrawChart(
  deps: RedrawDependencies,
  picture: Picture,
  options: { readonly useStore: boolean },
): Promise<Redrawn> {
  const place = reservePlace(deps.draws, barBytes(picture), 'drawing');
  try {
    const present = options.useStore ? await lookAgain(deps, picture) : UNREACHABLE;
    if (present !== UNREACHABLE && present.intact !== null) return asStored(present.intact);
    await place.turn();
    const startedAt = deps.now();
    const chart = await draw(deps.renderer, picture);
    const renderMs = Math.max(0, Math.round(deps.now() - startedAt));
    place.release();
    return await keep(deps, picture, chart, renderMs, present);
  } finally {
    place.release();
  }
}

function asStored({ bytes, sha256 }: Intact): Redrawn {
  return { png: bytes, pngSha256: sha256, drawn: false, stored: true, renderMs: 0 };
}

async function keep(
  deps: RedrawDependencies,
  picture: Picture,
  chart: RenderedChart,
  renderMs: number,
  present: Present | typeof UNREACHABLE,
): Promise<Redrawn> {
  const pngSha256 = await sha256Hex(chart.png);
  const drawn: Redrawn = { png: chart.png, pngSha256, drawn: true, stored: false, renderMs };
  if (present === UNREACHABLE) return drawn;
  try {
    return await writeBack(deps, picture, chart, drawn, present.object);
  } catch (error) {
    deps.log.warn('image.write_failed', { render_key: picture.renderKey, ...failure(error) });
    return drawn;
  }
}

const UNREACHABLE = Symbol('store or database cannot be asked');

/** The object's bytes when they are the ledger's. */
interface Intact {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

interface Present {
  readonly object: StoredObject | null;
  readonly intact: Intact | null;
}

/**
 * Somebody may have drawn it since the caller looked: the store once more, and what the ledger says
 * of it.
 */
async function lookAgain(
  deps: RedrawDependencies,
  picture: Picture,
): Promise<Present | typeof UNREACHABLE> {
  try {
    return await look(deps, picture);
  } catch (error) {
    if (error instanceof AppError && error.code === 'busy') throw error;
    deps.log.warn('image.look_failed', { render_key: picture.renderKey, ...failure(error) });
    return UNREACHABLE;
  }
}

async function look(deps: RedrawDependencies, picture: Picture): Promise<Present> {
  const [object, row] = await Promise.all([
    deps.store.get(picture.ref),
    deps.ledger.find(picture.renderKey),
  ]);
  if (object === null || row === null) return { object, intact: null };
  const sha256 = await sha256Hex(object.bytes);
  const isLedgers = isLedgerFile(row, sha256) && inspectImage(object.bytes).kind === 'png';
  return { object, intact: isLedgers ? { bytes: object.bytes, sha256 } : null };
}

async function draw(renderer: ChartRenderer, picture: Picture): Promise<RenderedChart> {
  try {
    return await renderer.render({
      bars: picture.bars,
      symbol: picture.symbol,
      timeframe: picture.timeframe,
      snapshotSha256: picture.snapshotSha256,
      renderKey: picture.renderKey,
      spec: DEFAULT_SPEC,
    });
  } catch (error) {
    throw new AppError('render_failed', 'The chart could not be drawn from these bars.', {
      cause: error,
    });
  }
}

/** PUT only where nothing is, or over exactly what was seen; then one ledger row. */
async function writeBack(
  deps: RedrawDependencies,
  picture: Picture,
  chart: RenderedChart,
  drawn: Redrawn,
  seen: StoredObject | null,
): Promise<Redrawn> {
  let there = seen;
  for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt += 1) {
    const outcome = await deps.store.put(picture.ref, chart.png, {
      contentType: 'image/png',
      cacheControl: 'public, max-age=31536000, immutable',
      metadata: {
        [SNAPSHOT_METADATA]: picture.snapshotSha256,
        [PIXEL_METADATA]: chart.pixelSha256,
        [RENDERER_METADATA]: RENDERER_VERSION,
      },
      condition: there === null ? { ifNoneMatch: '*' } : { ifMatch: there.etag },
    });
    if (outcome.stored) {
      await deps.ledger.record(newLedgerRow(picture, chart, drawn));
      return { ...drawn, stored: true };
    }
    const now = await look(deps, picture);
    if (now.intact !== null) {
      return {
        ...drawn,
        png: now.intact.bytes,
        pngSha256: now.intact.sha256,
        drawn: false,
        stored: true,
      };
    }
    there = now.object;
  }
  throw new AppError('store_answered_wrongly', 'Another writer kept replacing the object.');
}
