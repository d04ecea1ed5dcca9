import { startDeadline } from '../../concurrency/patient-deadline.ts';
import type { Flight } from '../../concurrency/share-flight.ts';
import type { WorkQueue } from '../../concurrency/work-queue.ts';
import { AppError, failure } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import { barBytes, REDRAW_LIMITS } from '../queue-limits.ts';
import { reservePlace } from '../reserve-place.ts';
import { olderImage, verified, type Redraw, type ServedImage } from '../serve/image-outcome.ts';
import type { RenderGate, RenderJob } from './render-job.ts';

export interface RedrawImageDependencies {
  readonly gateOf: (renderKey: string) => RenderGate;
  readonly redraws: WorkQueue;
  readonly log: Log;
}

/**
 * From asking the gate to the picture in hand; longer than any chart takes to draw, shorter than
 * people wait.
 */
export const RENDER_DEADLINE_MS = 15_000;

/**
 * Has a picture drawn by its gate. `onPlace`: it is this picture's turn, and what it was read with
 * is needed no more. `isStored`: the edge may keep it. Throws `busy`, `render_timeout` or what the
 * gate refuses with.
 */
export async function redrawImage(
  deps: RedrawImageDependencies,
  flight: Pick<Flight<unknown, unknown>, 'isWanted' | 'expectWithin'>,
  redraw: Redraw,
  onPlace: () => void,
): Promise<{ readonly outcome: ServedImage; readonly isStored: boolean }> {
  const { source, picture, reason, older, useStore } = redraw;
  try {
    const place = reservePlace(deps.redraws, barBytes(picture), 'drawing');
    flight.expectWithin(REDRAW_LIMITS.waitMs);
    await place.turn(flight.isWanted);
    onPlace();
    flight.expectWithin(RENDER_DEADLINE_MS);
    try {
      const job = {
        artifactId: source.id,
        picture,
        reason,
        fingerprint: source.fingerprint,
        useStore,
      };
      return await ask(deps, job);
    } finally {
      place.release();
    }
  } catch (error) {
    const refusal = error instanceof AppError ? error : drawingFailed(error);
    const facts = { artifact_id: source.id, render_key: picture.renderKey, ...failure(refusal) };
    if (refusal.code === 'busy') deps.log.warn('image.redraw_refused', facts);
    else deps.log.error('image.redraw_failed', facts);
    const stale = older === null ? null : olderImage(older, picture);
    if (stale === null) throw refusal;
    return { outcome: stale, isStored: false };
  }
}

async function ask(deps: RedrawImageDependencies, job: RenderJob) {
  const { picture } = job;
  const answer = await withDeadline(deps.gateOf(picture.renderKey).render(job));
  if (!answer.ok) {
    const { code, message, retryAfterSeconds } = answer;
    throw new AppError(code, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
  }
  const image = {
    ...verified(picture),
    kind: 'image',
    bytes: answer.png,
    contentType: 'image/png',
  } as const;
  if (!answer.stored) {
    const unstored = { freshness: 'regenerated', source: 'rendered', caching: 'brief' } as const;
    return { outcome: { ...image, ...unstored, etag: `W/${image.etag}` }, isStored: false };
  }
  const made = answer.drawn
    ? ({ freshness: 'regenerated', source: 'rendered' } as const)
    : ({ source: 'store' } as const);
  return { outcome: { ...image, ...made, caching: 'shared' as const }, isStored: true };
}

function drawingFailed(cause: unknown): AppError {
  return new AppError('render_failed', 'The chart could not be drawn.', { cause });
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  const deadline = startDeadline(RENDER_DEADLINE_MS);
  const passed = new Promise<never>((_, reject) => {
    deadline.signal.addEventListener('abort', () => {
      reject(
        deadline.wasBusy()
          ? new AppError('busy', 'There was no time to take the picture that was drawn.')
          : new AppError(
              'render_timeout',
              `Drawing took longer than ${RENDER_DEADLINE_MS / 1000} s.`,
            ),
      );
    });
  });
  try {
    return await Promise.race([work, passed]);
  } finally {
    deadline.clear();
  }
}
