import type { Artifact } from '../artifact/artifact.schema.ts';
import { deriveLineage, type ArtifactRecord } from '../artifact/derive-lineage.ts';
import type { LinkBases } from './links.ts';
import { presentArtifact, type HydratedArtifact } from './present-artifact.ts';

export interface Hydration {
  /** What is known without asking anybody. */
  known(record: ArtifactRecord): HydratedArtifact;
  one(record: ArtifactRecord): Promise<HydratedArtifact>;
  many(records: readonly ArtifactRecord[]): Promise<HydratedArtifact[]>;
  /** `origin`: the API's own, as the caller reached it. */
  present(hydrated: HydratedArtifact, origin: string): Artifact;
}

export function createHydration(
  config: LinkBases & { readonly mlflow: { readonly problem: string | null } },
): Hydration {
  const known = (record: ArtifactRecord) => ({
    record,
    lineage: deriveLineage(record, config.mlflow.problem),
  });
  return {
    known,
    one: async (record) => known(record),
    many: async (records) => records.map(known),
    present: (hydrated, origin) => presentArtifact(hydrated, origin, config),
  };
}
