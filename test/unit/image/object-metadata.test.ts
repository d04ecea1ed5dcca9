import { expect, it } from 'vitest';
import { claimedSnapshot, SNAPSHOT_METADATA } from '../../../src/image/object-metadata.ts';

const HASH = 'a1'.repeat(32);

it.each([
  [{}, null],
  [{ [SNAPSHOT_METADATA]: HASH }, HASH],
  [{ [SNAPSHOT_METADATA]: ` ${HASH.toUpperCase()} ` }, HASH],
  [{ [SNAPSHOT_METADATA]: '' }, null],
  [{ [SNAPSHOT_METADATA]: HASH.slice(1) }, null],
  [{ [SNAPSHOT_METADATA]: `${HASH}0` }, null],
  [{ [SNAPSHOT_METADATA]: 'g'.repeat(64) }, null],
  [{ 'another-sha256': HASH }, null],
])('%o claims %s', (metadata, claim) => {
  expect(claimedSnapshot(metadata)).toBe(claim);
});
