import { DurableObject } from 'cloudflare:workers';
import { AppError, failure } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { objectUrl } from '../../storage/object-ref.ts';
import { redrawChart, type RedrawDependencies, type Redrawn } from './redraw-chart.ts';
import type { RenderAnswer, RenderJob } from './render-job.ts';

export interface RenderGateDependencies extends RedrawDependencies {
  /** Base of the URLs that are written into rows. */
  readonly publicEndpoint: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * The gate of one render key: whoever comes while the picture is being made waits for the same
 * bytes, so the world draws it once. Objects of a class share an isolate and its memory; what
 * belongs to one key lives on `this`.
 */
export function renderGateClass<Environment>(build: (env: Environment) => RenderGateDependencies) {
  return class extends DurableObject<Environment> {
    private readonly draws = new Map<string, Promise<Redrawn>>();
    private readonly answers = new Map<string, Promise<RenderAnswer>>();

    render(job: RenderJob): Promise<RenderAnswer> {
      // Jobs that may write and jobs that may not are two flights: the first must not be told "not
      // stored" by the second.
      const flight = job.useStore ? 'stored' : 'unstored';
      // Two artifacts with the same bars share the draw; each has its own row to be pointed.
      return shared(this.answers, `${flight}/${job.artifactId}`, () => this.answer(job, flight));
    }

    private async answer(job: RenderJob, flight: string): Promise<RenderAnswer> {
      try {
        const deps = build(this.env);
        const redrawn = await shared(this.draws, flight, () =>
          redrawChart(deps, job.picture, { useStore: job.useStore }).catch((error: unknown) => {
            if (!(error instanceof AppError && error.code === 'busy'))
              deps.metrics.count('draw_failed', {});
            throw error;
          }),
        );
        const stored = redrawn.stored && (await linkArtifact(deps, job, redrawn));
        return { ok: true, png: redrawn.png, drawn: redrawn.drawn, stored };
      } catch (error) {
        return refusal(error);
      }
    }
  };
}

function refusal(error: unknown): RenderAnswer {
  if (!(error instanceof AppError)) {
    return { ok: false, code: 'render_failed', message: 'The chart could not be drawn.' };
  }
  const { code, message, retryAfterSeconds } = error;
  return {
    ok: false,
    code,
    message,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** Runs `work` unless it is running under this name already; then waits for that. */
function shared<T>(
  underWay: Map<string, Promise<T>>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const running = underWay.get(name);
  if (running !== undefined) return running;
  const started = work().finally(() => underWay.delete(name));
  underWay.set(name, started);
  return started;
}

/** False when the database could not be told; the picture is right all the same. */
async function linkArtifact(
  deps: RenderGateDependencies,
  job: RenderJob,
  redrawn: Redrawn,
): Promise<boolean> {
  const { artifactId, picture, reason, fingerprint } = job;
  try {
    const url = objectUrl(deps.publicEndpoint, picture.ref);
    const { pointed, exists } = await deps.ledger.link({
      artifactId,
      renderKey: picture.renderKey,
      reason,
      url,
      fingerprint,
    });
    // Deleted while its picture was drawn: what was written for it alone is taken back.
    if (!exists && (await deps.ledger.forget(artifactId, picture.ref)))
      await deps.store.delete(picture.ref);
    deps.log.info('image.regenerated', {
      artifact_id: artifactId,
      render_key: picture.renderKey,
      reason: reason.reason,
      detail: reason.detail,
      drawn: redrawn.drawn,
      render_ms: redrawn.renderMs,
      byte_size: redrawn.png.byteLength,
      row_pointed: pointed,
    });
    return true;
  } catch (error) {
    deps.log.warn('image.link_failed', {
      artifact_id: artifactId,
      render_key: picture.renderKey,
      ...failure(error),
    });
    return false;
  }
}
