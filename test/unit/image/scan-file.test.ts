import { describe, expect, it } from 'vitest';
import {
  ANONYMOUS_LIMITS,
  createScanFile,
  SIGNED_IN_LIMITS,
} from '../../../src/image/scan-file.ts';
import type { EdgeCache } from '../../../src/storage/edge-cache.ts';
import { jpegFixture } from '../png/png-fixture.ts';
import { greyPng } from './chart-fixture.ts';

const SHA256 = 'a'.repeat(64);
const PIXELS = 'c'.repeat(64);
const WHOLE = `scan-2-whole-${SHA256}`;
const COLOURS = `scan-2-colours-${SHA256}`;
const whole = { ...SIGNED_IN_LIMITS, stopWithoutHash: false };
const quick = { ...SIGNED_IN_LIMITS, stopWithoutHash: true };

function setUp(known: Record<string, unknown> = {}) {
  const kept = new Map<string, unknown>(Object.entries(known));
  let decodes = 0;
  const scanFile = createScanFile({
    edge: {
      getPointer: async (name: string) => kept.get(name),
      putPointer: async (name: string, value: unknown) => void kept.set(name, value),
    } as unknown as EdgeCache,
    slots: {
      run: (_bytes, work) => {
        decodes += 1;
        return work();
      },
    },
    defer: (work) => void work,
  });
  return { scanFile, kept, decodes: () => decodes };
}

describe('createScanFile', () => {
  it('decodes a file once, and keeps what was found under its hash', async () => {
    const { scanFile, kept, decodes } = setUp();
    const found = await scanFile(greyPng(), SHA256, whole);
    expect(found).toMatchObject({ kind: 'intact', width: 2, height: 2 });
    expect(await scanFile(greyPng(), SHA256, whole)).toEqual(found);
    // A whole scan answers the quick question too.
    expect(await scanFile(greyPng(), SHA256, quick)).toEqual(found);
    expect(decodes()).toBe(1);
    expect([...kept.keys()]).toEqual([WHOLE]);
  });

  it('says that a broken file is, and remembers it', async () => {
    const { scanFile, decodes } = setUp();
    const broken = greyPng().slice(0, -20);
    expect(await scanFile(broken, SHA256, whole)).toMatchObject({ kind: 'damaged' });
    expect(await scanFile(broken, SHA256, whole)).toMatchObject({ kind: 'damaged' });
    expect(decodes()).toBe(1);
  });

  it('has no pixel hash of a JPEG, even when it cannot read all of it', async () => {
    const { scanFile } = setUp();
    const found = await scanFile(jpegFixture(), SHA256, whole);
    expect(found).not.toHaveProperty('pixelSha256', expect.any(String));
  });

  it.each([
    ['a whole scan', { [WHOLE]: { kind: 'intact', width: 2, height: 2, pixelSha256: PIXELS } }, 0],
    [
      'a scan that stopped at the colours',
      { [COLOURS]: { kind: 'intact', width: 2, height: 2, pixelSha256: null } },
      0,
    ],
    [
      'a hash of another length',
      { [WHOLE]: { kind: 'intact', width: 2, height: 2, pixelSha256: 'c' } },
      1,
    ],
    ['half a finding', { [WHOLE]: { kind: 'intact', width: 2 } }, 1],
    ['an older form', { [WHOLE]: 'intact' }, 1],
    ['damage without a reason', { [WHOLE]: { kind: 'damaged' } }, 1],
  ])('the edge knows %s', async (_name, known, expected) => {
    const { scanFile, decodes } = setUp(known);
    await scanFile(greyPng(), SHA256, quick);
    expect(decodes()).toBe(expected);
  });

  it('does not take a scan that stopped early for a whole one', async () => {
    const partial = { kind: 'intact', width: 2, height: 2, pixelSha256: null };
    const { scanFile, decodes } = setUp({ [COLOURS]: partial });
    await scanFile(greyPng(), SHA256, whole);
    expect(decodes()).toBe(1);
  });

  it('holds what it remembers against the limits of who asks', async () => {
    const large = { kind: 'intact', width: 3_000, height: 2_000, pixelSha256: PIXELS };
    const { scanFile } = setUp({ [WHOLE]: large });
    const anonymous = { ...ANONYMOUS_LIMITS, stopWithoutHash: false };
    expect(await scanFile(greyPng(), SHA256, whole)).toEqual(large);
    expect(await scanFile(greyPng(), SHA256, anonymous)).toEqual({
      kind: 'too_large',
      reason: 'it has more than 5000000 pixels',
    });
  });

  it('does not remember what is too large for one caller only', async () => {
    const { scanFile, kept } = setUp();
    const tiny = { maxPixels: 1, maxInterlacedPixels: 1, stopWithoutHash: false };
    expect(await scanFile(greyPng(), SHA256, tiny)).toMatchObject({ kind: 'too_large' });
    expect(kept.size).toBe(0);
  });
});
