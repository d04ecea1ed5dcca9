import { decode } from 'fast-png';
import { scanPng } from '../src/png/scan-png.ts';

const LIMITS = { maxPixels: 16_000_000, maxInterlacedPixels: 16_000_000 };
let png = new Uint8Array(0);

/**
 * `PUT /` keeps a PNG; `POST /ours` and `POST /fast-png` decode it, `POST /nothing` is what a
 * request alone costs.
 */
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.method === 'PUT') {
      png = new Uint8Array(await request.arrayBuffer());
      return new Response('kept');
    }
    if (pathname === '/ours') return Response.json(await scanPng(png, LIMITS));
    if (pathname === '/rows') {
      let sum = 0;
      const onRow = (_y: number, row: Uint32Array): void => void (sum ^= row[0] ?? 0);
      return Response.json({ ...(await scanPng(png, { ...LIMITS, onRow })), sum });
    }
    if (pathname === '/fast-png') {
      const { width, height } = decode(png);
      return Response.json({ width, height });
    }
    return new Response('nothing');
  },
};
