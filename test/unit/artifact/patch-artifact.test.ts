import { describe, expect, it } from 'vitest';
import type { WriteOutcome } from '../../../src/artifact/artifact.repository.ts';
import { patchArtifact, requireWritten } from '../../../src/artifact/patch-artifact.ts';
import { removeArtifact } from '../../../src/artifact/remove-artifact.ts';
import { artifactRow } from '../../support/artifact-row.ts';

const row = artifactRow({ id: 24 });
const WANTED = { ifVersions: null, unlessVersions: null };

/** What became of the image, in order. */
function writing(outcome: WriteOutcome) {
  const said: string[] = [];
  const deferred: Promise<unknown>[] = [];
  const deps = {
    artifacts: {
      find: async () => null,
      create: async () => ({ row, version: '' }),
      patch: async () => outcome,
      remove: async () => outcome,
    },
    images: {
      attach: async () => ({}),
      forget: async (id: number) => void said.push(`forget ${id}`),
      remove: async ({ id }: { id: number }) => void said.push(`remove ${id}`),
    },
    defer: (work: Promise<unknown>) => void deferred.push(work),
  };
  return { deps, said, deferred };
}

it.each([
  ['absent', 'not_found'],
  ['changed', 'precondition_failed'],
] as const)('a row that is %s is refused, and its image left alone', async (kind, code) => {
  const { deps, said, deferred } = writing({ kind });
  await expect(patchArtifact(deps, 24, {}, WANTED)).rejects.toMatchObject({ code });
  await expect(removeArtifact(deps, 24, WANTED)).rejects.toMatchObject({ code });
  expect(said).toEqual([]);
  expect(deferred).toEqual([]);
});

describe('a row that was written', () => {
  it('may show another image', async () => {
    const { deps, said } = writing({ kind: 'written', row });
    await patchArtifact(deps, 24, { name: 'other' }, WANTED);
    expect(said).toEqual(['forget 24']);
    expect(requireWritten(24, { kind: 'written', row })).toBe(row);
  });

  it('loses its image after the answer when it was removed', async () => {
    const { deps, said, deferred } = writing({ kind: 'written', row });
    await removeArtifact(deps, 24, WANTED);
    expect(deferred).toHaveLength(1);
    await Promise.all(deferred);
    expect(said).toEqual(['forget 24', 'remove 24']);
  });
});
