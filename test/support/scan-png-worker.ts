import { scanPng } from '../../src/png/scan-png.ts';

/**
 * `POST /` scans a PNG; says what was found, a digest of the rows seen, and how often others had a
 * turn meanwhile.
 */
export default {
  async fetch(request: Request): Promise<Response> {
    const png = new Uint8Array(await request.arrayBuffer());
    let turns = 0;
    let rows = 2166136261;
    const others = setInterval(() => turns++, 0);
    const found = await scanPng(png, {
      maxPixels: 16_000_000,
      maxInterlacedPixels: 5_000_000,
      onRow: (_y, words) => {
        for (const word of words) rows = Math.imul(rows ^ word, 16777619) >>> 0;
      },
    });
    clearInterval(others);
    return Response.json({ found, rows, turns });
  },
};
