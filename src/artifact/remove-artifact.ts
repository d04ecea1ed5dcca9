import type { RowPreconditions } from '../http/preconditions.ts';
import type { ArtifactRepository } from './artifact.repository.ts';
import type { ArtifactImages } from './image-port.ts';
import { requireWritten } from './patch-artifact.ts';

/**
 * Removes a row, and after the answer the image that only it shows: the row is gone either way, an
 * object that cannot be removed now is only litter. Throws `not_found` or `precondition_failed`.
 */
export async function removeArtifact(
  deps: {
    readonly artifacts: ArtifactRepository;
    readonly images: ArtifactImages;
    /** Lets work end after the answer to its request. */
    readonly defer: (work: Promise<unknown>) => void;
  },
  id: number,
  wanted: RowPreconditions,
): Promise<void> {
  const row = requireWritten(id, await deps.artifacts.remove(id, wanted));
  await deps.images.forget(id);
  deps.defer(deps.images.remove(row));
}
