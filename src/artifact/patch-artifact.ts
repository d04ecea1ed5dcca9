import { changed } from '../http/json-etag.ts';
import type { RowPreconditions } from '../http/preconditions.ts';
import type { ArtifactRepository, WriteOutcome } from './artifact.repository.ts';
import { noArtifact, type ArtifactPatch } from './artifact.schema.ts';
import type { ArtifactImages } from './image-port.ts';

/** Changes fields of a row. Throws `not_found` or `precondition_failed`. */
export async function patchArtifact(
  deps: { readonly artifacts: ArtifactRepository; readonly images: ArtifactImages },
  id: number,
  patch: ArtifactPatch,
  wanted: RowPreconditions,
): Promise<void> {
  requireWritten(id, await deps.artifacts.patch(id, patch, wanted));
  await deps.images.forget(id);
}

/** The row that was written. Throws `not_found` or `precondition_failed`. */
export function requireWritten(id: number, outcome: WriteOutcome) {
  switch (outcome.kind) {
    case 'written':
      return outcome.row;
    case 'absent':
      throw noArtifact(id);
    case 'changed':
      throw changed();
  }
}
