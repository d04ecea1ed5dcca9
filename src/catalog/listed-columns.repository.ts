import { getTableColumns, sql } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';

/**
 * The columns of a row as a list shows them. Bars are by far the most of a row, so the database
 * leaves them out.
 */
export function listedColumns(includeBars: boolean) {
  const columns = getTableColumns(artifactTable);
  return { ...columns, artifact_metadata: includeBars ? storedMetadata() : metadataWithoutBars() };
}

function storedMetadata() {
  const metadata = artifactTable.artifact_metadata;
  return sql`${metadata}`.mapWith(metadata).as('artifact_metadata');
}

/** `#-` fails on scalars and does nothing useful on arrays; both come back as they are. */
function metadataWithoutBars() {
  const metadata = artifactTable.artifact_metadata;
  return sql`case when jsonb_typeof(${metadata} -> 'market_data_snapshot') = 'object'
    then ${metadata} #- '{market_data_snapshot,bars}' else ${metadata} end`
    .mapWith(metadata)
    .as('artifact_metadata');
}
