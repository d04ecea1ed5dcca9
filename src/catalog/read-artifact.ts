import { noArtifact, type Artifact } from '../artifact/artifact.schema.ts';
import type { PresentArtifact } from '../artifact/present-port.ts';
import type { Hydration } from '../lineage/hydrate.ts';
import type { RecordRepository, VersionedRecord } from '../lineage/record.repository.ts';
import type { LinkBases } from './links.ts';
import { presentArtifact } from './present-artifact.ts';

export interface ReadDependencies {
  readonly records: RecordRepository;
  readonly hydration: Hydration;
  readonly bases: LinkBases;
}

/** `version` belongs to what is shown, for `If-Match`. */
export interface ShownArtifact {
  readonly artifact: Artifact;
  readonly version: string;
}

/**
 * One artifact with its lineage, looked up when it is not known. `origin` is the API's own, as the
 * caller reached it. Throws `not_found`.
 */
export async function readArtifact(
  { records, hydration, bases }: ReadDependencies,
  id: number,
  origin: string,
): Promise<ShownArtifact> {
  const record = await requireRecord(records, id);
  const hydrated = await hydration.one(record);
  if (hydrated.record.row === record.row) {
    return { artifact: presentArtifact(hydrated, origin, bases), version: record.version };
  }
  // A look-up has just written to the row, so its version is another one.
  const current = await requireRecord(records, id);
  const { run_id, experiment_id } = hydrated.record.row;
  const isSameRun = current.row.run_id === run_id && current.row.experiment_id === experiment_id;
  const shown = isSameRun
    ? { ...hydrated, record: { ...hydrated.record, row: current.row } }
    : hydration.known(current);
  return { artifact: presentArtifact(shown, origin, bases), version: current.version };
}

/** How rows are shown to those who wrote them: with what is known, and nobody is asked. */
export function presentWritten({ records, hydration, bases }: ReadDependencies): PresentArtifact {
  return {
    stored: (row, origin) => presentArtifact(hydration.known({ row, lookup: null }), origin, bases),
    async current(id, origin) {
      const record = await requireRecord(records, id);
      const artifact = presentArtifact(hydration.known(record), origin, bases);
      return { artifact, version: record.version };
    },
  };
}

async function requireRecord(records: RecordRepository, id: number): Promise<VersionedRecord> {
  const record = await records.find(id);
  if (record === null) throw noArtifact(id);
  return record;
}
