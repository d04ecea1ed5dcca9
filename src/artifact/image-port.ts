import type { NewArtifact } from './artifact.schema.ts';
import type { ArtifactRow } from './artifact.table.ts';

/** What rows need of their images. Given by the image room, which this one does not know. */
export interface ArtifactImages {
  /** Stores an uploaded image and says how the row names it. */
  attach(
    input: NewArtifact,
    image: Uint8Array<ArrayBuffer>,
  ): Promise<Pick<NewArtifact, 'chart_data' | 'image_path'>>;
  /** Whatever is remembered of the artifact's image may be another now. */
  forget(artifactId: number): Promise<void>;
  /** Of a row that is gone: the object that only it named. Never throws. */
  remove(row: ArtifactRow): Promise<void>;
}
