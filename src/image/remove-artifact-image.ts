import type { ArtifactRow } from '../artifact/artifact.table.ts';
import { failure } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { namedObject } from './examine-image.ts';
import type { RenderLedger } from './ledger/render-ledger.repository.ts';

/**
 * After a row is gone: removes the object it named unless another artifact shows it. Logs instead
 * of throwing.
 */
export async function removeArtifactImage(
  deps: {
    readonly ledger: RenderLedger;
    readonly store: ObjectStore;
    readonly buckets: readonly string[];
    readonly log: Log;
  },
  row: ArtifactRow,
): Promise<void> {
  try {
    const { ref } = namedObject(storedUrlOf(row), deps.buckets);
    const isOwn = await deps.ledger.forget(row.id, ref);
    if (ref === null || !isOwn) return;
    await deps.store.delete(ref);
    deps.log.info('image.removed', { artifact_id: row.id, bucket: ref.bucket, key: ref.key });
  } catch (error) {
    deps.log.warn('image.remove_failed', { artifact_id: row.id, ...failure(error) });
  }
}

/**
 * `chart_data.minio_url`, else `metadata.minio_url`, else `image_path`, as `storedUrlSql` reads
 * them.
 */
function storedUrlOf(row: ArtifactRow): string | null {
  const texts = [urlIn(row.chart_data), urlIn(row.artifact_metadata), row.image_path];
  return texts.find((text) => typeof text === 'string' && text.trim() !== '')?.trim() ?? null;
}

function urlIn(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const url = (json as Record<string, unknown>)['minio_url'];
  return typeof url === 'string' ? url : null;
}
