import type { Artifact } from './artifact.schema.ts';
import type { ArtifactRow } from './artifact.table.ts';

/**
 * How rows are shown with their lineage and links. Given by the catalog, which this room does not
 * know. `origin` is the API's own, as the caller reached it.
 */
export interface PresentArtifact {
  /** A row that was stored just now; nobody has looked for its run. */
  stored(row: ArtifactRow, origin: string): Artifact;
  /** The row as it is now, and its version. Throws `not_found`. */
  current(
    id: number,
    origin: string,
  ): Promise<{ readonly artifact: Artifact; readonly version: string }>;
}
