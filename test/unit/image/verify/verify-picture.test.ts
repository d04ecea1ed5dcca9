import { expect, it } from 'vitest';
import { createWorkQueue } from '../../../../src/concurrency/work-queue.ts';
import { createDecodeSlots } from '../../../../src/image/decode-slots.ts';
import { DECODE_LIMITS } from '../../../../src/image/queue-limits.ts';
import {
  verifyPicture,
  type VerifyPictureDependencies,
} from '../../../../src/image/verify/verify-picture.ts';
import { silentLog } from '../../../../src/observability/log.ts';
import { pngFixture } from '../../png/png-fixture.ts';

const row = {
  render_key: 'b'.repeat(32),
  pixel_sha256: 'c'.repeat(64),
  width: 9_000,
  height: 9_000,
};

function setUp(known: object | null) {
  let scans = 0;
  const deps = {
    scanFile: async () => {
      scans += 1;
      return { kind: 'intact', width: 2, height: 2, pixelSha256: null };
    },
    ledger: {
      findByFile: async () =>
        known === null ? null : { row: known, renders: [known], artifacts: [] },
      findByPixels: async () => (known === null ? [] : [known]),
      find: async () => null,
      shownBy: async () => [],
    },
    slots: createDecodeSlots({ queue: createWorkQueue(DECODE_LIMITS), defer: () => {} }),
    log: silentLog,
  } as unknown as VerifyPictureDependencies;
  return { deps, scans: () => scans };
}

const file = pngFixture({ width: 2, height: 2, colourType: 0, raw: new Uint8Array(6) });

it('does not decode a file that the ledger knows, whatever its size and whoever asks', async () => {
  const { deps, scans } = setUp({
    ...row,
    first_bar: '2020-01-01 00:00:00+00',
    last_bar: '2020-01-02 00:00:00+00',
    created_at: '2020-01-02 00:00:00+00',
  });
  const { image } = await verifyPicture(deps, file, { isSignedIn: false });
  expect(image).toMatchObject({ width: 9_000, height: 9_000, pixel_sha256: row.pixel_sha256 });
  expect(scans()).toBe(0);
});

it('decodes any other once', async () => {
  const { deps, scans } = setUp(null);
  expect(await verifyPicture(deps, file, { isSignedIn: false })).toMatchObject({
    verdict: 'unknown',
  });
  expect(scans()).toBe(1);
});
