import { deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inflateSlices } from '../../../src/png/inflate-slices.ts';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3));
const stream = deflateSync(content);

async function inflate(pieces: readonly Uint8Array[], most = Infinity) {
  const blocks: Buffer[] = [];
  let size = 0;
  const end = await inflateSlices(pieces, (block) => {
    blocks.push(Buffer.from(block)); // a copy: the block is used again
    size += block.length;
    return size < most;
  });
  return { end, bytes: Buffer.concat(blocks) };
}
function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
    bytes.subarray(i * length, (i + 1) * length),
  );
}

describe('a zlib stream', () => {
  test.each([1, 7, 8192, 100_000, stream.length])(
    'in pieces of %i bytes is whole',
    async (length) => {
      const { end, bytes } = await inflate(cut(stream, length));
      expect(end).toBe('complete');
      expect(bytes.equals(content)).toBe(true);
    },
  );

  test.each([
    ['cut off', [stream.subarray(0, -5)], 'broken'],
    ['without zlib around it', [deflateRawSync(content)], 'broken'],
    ['empty', [], 'broken'],
    ['with a byte behind it', [stream, Uint8Array.of(0)], 'trailing'],
    ['with as much behind it', [stream, stream], 'trailing'],
    ['of nothing', [deflateSync(Buffer.alloc(0))], 'complete'],
  ])('%s', async (_, pieces, end) => {
    expect((await inflate(pieces)).end).toBe(end);
  });

  test('goes no further than is wanted', async () => {
    const { end, bytes } = await inflate([stream], 100_000);
    expect(end).toBe('stopped');
    expect(bytes.length).toBeGreaterThanOrEqual(100_000);
    expect(bytes.length).toBeLessThan(100_000 + 65_536);
  });

  test('an error of the visitor is its own', async () => {
    const failing = inflateSlices([stream], () => {
      throw new TypeError('the visitor is tired');
    });
    await expect(failing).rejects.toThrow(new TypeError('the visitor is tired'));
  });
});
