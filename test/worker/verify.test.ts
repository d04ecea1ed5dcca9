import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { created } from '../support/artifact-calls.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { readPixels } from '../support/reference-pixels.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('verification', () => {
  const bars = makeBars(60, 21);
  let id: number;
  let png: Uint8Array<ArrayBuffer>;
  const verify = async (bytes: Uint8Array<ArrayBuffer>, type = 'image/png') =>
    stack.fetch('/api/verify', { method: 'POST', headers: { 'content-type': type }, body: bytes });

  beforeAll(async () => {
    ({ id } = await created(stack, chartArtifact(bars, { run_id: 'run-1' })));
    png = new Uint8Array(await (await stack.fetch(`/api/artifacts/${id}/image`)).arrayBuffer());
  });

  it('says that the stored image matches the bars', async () => {
    const body = await (await stack.fetch(`/api/artifacts/${id}/verify`)).json();
    expect(body).toMatchObject({
      artifact_id: id,
      matches: true,
      freshness: 'verified',
      reason: 'bytes_of_the_ledger',
      row: { bars: 'usable', bar_count: 60 },
      object: {
        kind: 'png',
        pixels_match_claim: true,
        sha256: createHash('sha256').update(png).digest('hex'),
      },
      ledger: { bar_count: 60 },
    });
  });

  it('says what a PNG from anywhere shows', async () => {
    expect(await (await verify(png)).json()).toMatchObject({
      verdict: 'verified',
      pixels_match_claim: true,
      renders: [{ bar_count: 60 }],
      artifacts: [
        { artifact_id: id, run_id: 'run-1', execution_id: '2025-11-15 13:54:31.981650+00:00' },
      ],
    });
  });

  it('knows a picture whose label was removed, and one with a changed pixel', async () => {
    expect(await (await verify(withoutLabel(png))).json()).toMatchObject({
      verdict: 'same_pixels',
      claims: null,
      artifacts: [{ artifact_id: id }],
    });
    const { width, height, rgba } = readPixels(png);
    const changed = new Uint8Array(rgba);
    changed[4 * (width * 200 + 300)] = (changed[4 * (width * 200 + 300)] ?? 0) ^ 1;
    const encoded = new Uint8Array(encode({ width, height, data: changed, channels: 4 }));
    expect(await (await verify(encoded)).json()).toMatchObject({
      verdict: 'unknown',
      renders: [],
      artifacts: [],
    });
    expect(await (await verify(withLabelOf(encoded, png))).json()).toMatchObject({
      verdict: 'altered',
      pixels_match_claim: false,
    });
  });

  it('knows a label that belongs to another picture', async () => {
    const other = await created(stack, chartArtifact(makeBars(60, 22)));
    const otherPng = new Uint8Array(
      await (await stack.fetch(`/api/artifacts/${other.id}/image`)).arrayBuffer(),
    );
    expect(await (await verify(withLabelOf(withoutLabel(png), otherPng))).json()).toMatchObject({
      verdict: 'relabelled',
      artifacts: [{ artifact_id: id }],
    });
  });

  it('refuses a PNG that would fill the memory', async () => {
    const bomb = pngOf(4_000, 4_000, deflateSync(Buffer.alloc(300_000_000)));
    const response = await verify(bomb);
    expect([413, 422]).toContain(response.status);
    expect(
      (await verify(pngOf(50_000, 50_000, deflateSync(Buffer.alloc(1_000))))).status,
    ).toBeGreaterThanOrEqual(413);
    expect((await stack.fetch('/healthz')).status).toBe(200);
  });

  it('refuses what is no PNG', async () => {
    expect((await verify(new Uint8Array([1, 2, 3]))).status).toBe(422);
    expect((await verify(png.slice(0, -1))).status).toBe(422);
    expect((await verify(png, 'text/plain')).status).toBe(415);
    expect((await verify(new Uint8Array(10_000_001))).status).toBe(413);
  });
});

/** The label chunk of `donor` in `png`, before its first data chunk. */
function withLabelOf(
  png: Uint8Array<ArrayBuffer>,
  donor: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const header = 8 + 25;
  const label = chunksOf(donor).find((chunk) => chunk.subarray(4, 8).toString('latin1') === 'iTXt');
  return new Uint8Array(
    Buffer.concat([png.subarray(0, header), label ?? Buffer.alloc(0), png.subarray(header)]),
  );
}

function chunksOf(png: Uint8Array<ArrayBuffer>): Buffer[] {
  const file = Buffer.from(png);
  const chunks: Buffer[] = [];
  for (let at = 8; at < file.byteLength; at += file.readUInt32BE(at) + 12) {
    chunks.push(file.subarray(at, at + file.readUInt32BE(at) + 12));
  }
  return chunks;
}

/** A grey 8-bit PNG of this size around any data. */
function pngOf(width: number, height: number, data: Buffer): Uint8Array<ArrayBuffer> {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const chunk = (type: string, body: Buffer) => {
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(body.byteLength, 0);
    frame.writeUInt32BE(crc32(typed), 4);
    return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
  };
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return new Uint8Array(
    Buffer.concat([
      signature,
      chunk('IHDR', header),
      chunk('IDAT', data),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}
