import { expect, it } from 'vitest';
import type { ArtifactRow } from '../../../src/artifact/artifact.table.ts';
import { removeArtifactImage } from '../../../src/image/remove-artifact-image.ts';
import { silentLog } from '../../../src/observability/log.ts';
import type { ObjectRef } from '../../../src/storage/object-store.ts';

function setUp(isOwn: boolean | Error = true) {
  const forgotten: (ObjectRef | null)[] = [];
  const deleted: ObjectRef[] = [];
  const deps = {
    ledger: {
      forget: async (_id: number, ref: ObjectRef | null) => {
        forgotten.push(ref);
        if (isOwn instanceof Error) throw isOwn;
        return isOwn;
      },
    },
    store: { delete: async (ref: ObjectRef) => void deleted.push(ref) },
    buckets: ['charts'],
    log: silentLog,
  } as unknown as Parameters<typeof removeArtifactImage>[0];
  return { deps, forgotten, deleted };
}

const row = (more: Record<string, unknown>) => ({ id: 7, ...more }) as unknown as ArtifactRow;
const named = (key: string) => ({ minio_url: `s3://charts/${key}.png` });
const at = (key: string) => ({ bucket: 'charts', key: `${key}.png` });

it.each([
  ['chart_data', { chart_data: named('a'), artifact_metadata: named('b') }, at('a')],
  ['metadata', { chart_data: {}, artifact_metadata: named('b'), image_path: '/c' }, at('b')],
  ['image_path', { chart_data: { minio_url: ' ' }, image_path: ' s3://charts/c.png ' }, at('c')],
  ['no list', { chart_data: [named('a')], image_path: null }, null],
  ['nowhere', { chart_data: null, artifact_metadata: 'text', image_path: null }, null],
  ['another bucket', { chart_data: { minio_url: 's3://secrets/a.png' } }, null],
])('forgets and removes what is named by %s', async (_name, more, ref) => {
  const { deps, forgotten, deleted } = setUp();
  await removeArtifactImage(deps, row(more));
  expect(forgotten).toEqual([ref]);
  expect(deleted).toEqual(ref === null ? [] : [ref]);
});

it('leaves what another artifact shows', async () => {
  const { deps, deleted } = setUp(false);
  await removeArtifactImage(deps, row({ chart_data: named('a') }));
  expect(deleted).toEqual([]);
});

it('never fails: what is left is only litter', async () => {
  const { deps, deleted } = setUp(new Error('down'));
  await removeArtifactImage(deps, row({ chart_data: named('a') }));
  expect(deleted).toEqual([]);
});
