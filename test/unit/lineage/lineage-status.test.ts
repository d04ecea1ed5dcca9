import { afterAll, beforeAll, expect, it } from 'vitest';
import { drizzle } from 'drizzle-orm/pglite';
import type { PgliteBackend } from '../../../stand-in/sql/pglite-backend.ts';
import { giveBackPglite, openPglite } from '../../support/open-pglite.ts';
import { matchingWhere } from '../../../src/catalog/filter.repository.ts';
import { artifactTable } from '../../../src/artifact/artifact.table.ts';
import { deriveLineage } from '../../../src/lineage/derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from '../../../src/lineage/lineage-lookup.table.ts';
import { lineageStatusSql } from '../../../src/lineage/lineage-status.ts';

let backend: PgliteBackend;

beforeAll(async () => {
  backend = await openPglite();
  await backend.migrate();
  // Every combination of what a row may name with every recorded status, and with none.
  await backend.pglite.exec(`
    create temp table status(recorded) as values (null), ('linked'), ('pending'), ('unresolved'), ('unavailable');
    insert into artifacts (name, type, run_id, experiment_id, workflow_id, dag_id, execution_id)
      select 'x', 'llm', run || coalesce(recorded, 'none'), experiment, workflow, dag, execution || coalesce(recorded, 'none')
      from status, (values (null), ('run ')) r(run), (values (null), ('1')) e(experiment),
        (values (null), ('w')) w(workflow), (values (null), ('d')) d(dag), (values (null), ('execution ')) x(execution);
    insert into artifacts (name, type, execution_id, run_id) values ('x', 'llm', '', null), ('x', 'llm', '', 'run linked');
    insert into lineage_lookup (kind, workflow, name, status)
      select 'run', '', 'run ' || recorded, recorded from status where recorded is not null;
    insert into lineage_lookup (kind, workflow, name, status)
      select 'execution', w, 'execution ' || recorded, recorded
      from status, (values (''), ('w'), ('d')) w(w) where recorded is not null`);
});
afterAll(() => giveBackPglite(backend));

it.each([
  { isConfigured: true, lookup: true },
  { isConfigured: true, lookup: false },
  { isConfigured: false, lookup: true },
  { isConfigured: false, lookup: false },
])('the filter, the column and the artifact say the same of its lineage: %o', async (knowledge) => {
  const rows = await drizzle(backend.pglite)
    .select({ row: artifactTable, lookup: lineageLookupTable, status: lineageStatusSql(knowledge) })
    .from(artifactTable)
    .leftJoin(lineageLookupTable, lookupOfArtifact);
  expect(rows).toHaveLength(162);
  const told = rows.map(({ row, lookup }) => {
    const record = { row, lookup: knowledge.lookup ? lookup : null };
    return deriveLineage(record, knowledge.isConfigured ? null : 'not configured').status;
  });
  expect(rows.map(({ status }) => status)).toEqual(told);

  for (const lineage of ['linked', 'pending', 'unresolved', 'unavailable'] as const) {
    const filtered = await drizzle(backend.pglite)
      .select({ id: artifactTable.id })
      .from(artifactTable)
      .leftJoin(lineageLookupTable, lookupOfArtifact)
      .where(matchingWhere({ lineage }, knowledge));
    const wanted = rows.filter((_, i) => told[i] === lineage);
    const ids = filtered.map(({ id }) => id).toSorted((a, b) => a - b);
    expect(ids).toEqual(wanted.map(({ row }) => row.id).toSorted((a, b) => a - b));
  }
});
