import { parseBars } from '../src/bars/parse-bars.ts';
import { snapshotHash } from '../src/bars/snapshot-hash.ts';
import { chartAssets } from '../src/chart/chart-assets.worker.ts';
import { DEFAULT_SPEC } from '../src/chart/chart-spec.ts';
import { createChartRenderer, type RenderInput } from '../src/chart/render-chart.ts';

const renderer = createChartRenderer(chartAssets);
let input: RenderInput | null = null;

/**
 * `PUT /` keeps bars and size; `POST /` draws them once and answers with the PNG; `GET /svg` with
 * its SVG.
 */
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === 'PUT') {
      const {
        bars: raw,
        width,
        height,
      } = await request.json<{ bars: unknown; width: number; height: number }>();
      const bars = parseBars(raw);
      const snapshotSha256 = await snapshotHash(bars);
      const spec = { ...DEFAULT_SPEC, width, height };
      input = {
        bars,
        symbol: 'AAPL',
        timeframe: '1d',
        snapshotSha256,
        renderKey: '0'.repeat(32),
        spec,
      };
      return new Response('kept');
    }
    if (input === null) return new Response('ready');
    if (request.method === 'GET') return new Response(await renderer.renderSvg(input));
    const { png, pixelSha256 } = await renderer.render(input);
    return new Response(png, { headers: { 'X-Pixel-Sha256': pixelSha256 } });
  },
};
