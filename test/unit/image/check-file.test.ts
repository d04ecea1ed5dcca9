import { describe, expect, it } from 'vitest';
import { checkFile } from '../../../src/image/check-file.ts';
import { SIGNED_IN_LIMITS, type ScanFile } from '../../../src/image/scan-file.ts';
import type { PngScan } from '../../../src/png/scan-png.ts';
import { jpegFixture } from '../png/png-fixture.ts';
import { greyPng } from './chart-fixture.ts';

const SHA256 = 'a'.repeat(64);
const PIXELS = 'c'.repeat(64);
const size = { width: 2, height: 2 };
const png = { kind: 'png', ...size, provenance: null };

function scanning(found: PngScan) {
  const asked: unknown[] = [];
  const scanFile: ScanFile = async (_bytes, sha256, options) => {
    asked.push({ sha256, ...options });
    return found;
  };
  return { asked, scanFile };
}

describe('checkFile', () => {
  it.each<[PngScan, object]>([
    [
      { kind: 'intact', ...size, pixelSha256: PIXELS },
      { inspection: png, pixelSha256: PIXELS, tooLarge: null },
    ],
    [
      { kind: 'intact', ...size, pixelSha256: null },
      { inspection: png, pixelSha256: null, tooLarge: null },
    ],
    [
      { kind: 'damaged', reason: 'it is cut off' },
      {
        inspection: { kind: 'broken', reason: 'it is cut off' },
        pixelSha256: null,
        tooLarge: null,
      },
    ],
    [
      { kind: 'too_large', reason: 'it has many pixels' },
      { inspection: png, pixelSha256: null, tooLarge: 'it has many pixels' },
    ],
  ])('%o', async (found, checked) => {
    const { asked, scanFile } = scanning(found);
    expect(await checkFile(scanFile, greyPng(), SHA256)).toEqual(checked);
    expect(asked).toEqual([{ sha256: SHA256, ...SIGNED_IN_LIMITS, stopWithoutHash: false }]);
  });

  it('decodes a JPEG too', async () => {
    const { asked, scanFile } = scanning({ kind: 'intact', ...size, pixelSha256: null });
    expect(await checkFile(scanFile, jpegFixture(), SHA256)).toMatchObject({
      inspection: { kind: 'jpeg', width: 8, height: 8 },
    });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['a text', new TextEncoder().encode('no image')],
    ['half a PNG', greyPng().slice(0, 30)],
  ])('does not decode %s', async (_name, bytes) => {
    const { asked, scanFile } = scanning({ kind: 'damaged', reason: 'never asked' });
    expect(await checkFile(scanFile, bytes, SHA256)).toMatchObject({
      inspection: { kind: 'broken' },
    });
    expect(asked).toEqual([]);
  });
});
