import { chartAssets } from '../../chart/chart-assets.worker.ts';
import { createChartRenderer } from '../../chart/render-chart.ts';
import { createWorkQueue } from '../../concurrency/work-queue.ts';
import type { Log } from '../../observability/log.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { Storage } from '../../storage/create-storage.ts';
import { createRenderLedger } from '../ledger/render-ledger.repository.ts';
import { DRAW_LIMITS } from '../queue-limits.ts';
import type { RenderGateDependencies } from './render-gate.ts';

/** Between two stages of a draw, for whoever waits in the isolate. */
const STAGE_REST_MS = 20;

/** What all gates of an isolate draw and write with; it is another isolate than most requests have. */
export function createGateDependencies(
  deps: Storage & {
    readonly config: { readonly store: { readonly publicEndpoint: string } };
    readonly metrics: Metrics;
    readonly log: Log;
    /** Milliseconds. */
    readonly now: () => number;
  },
): RenderGateDependencies {
  const { metrics } = deps;
  return {
    ...deps,
    ledger: createRenderLedger(deps.database),
    renderer: createChartRenderer(chartAssets, { rest: restBetweenStages }),
    draws: createWorkQueue(DRAW_LIMITS, {
      count: (event) => metrics.count('queue', { queue: 'draw', event }),
    }),
    publicEndpoint: deps.config.store.publicEndpoint,
  };
}

/** Two turns of the event loop, or three: an answer that has come, the next question. */
function restBetweenStages(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, STAGE_REST_MS));
}
