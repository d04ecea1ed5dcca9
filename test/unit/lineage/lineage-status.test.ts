import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LINEAGE_STATUSES } from '../../../src/artifact/artifact.schema.ts';
import { artifactTable } from '../../../src/artifact/artifact.table.ts';
import { matchingWhere } from '../../../src/catalog/filter.repository.ts';
import { deriveLineage } from '../../../src/lineage/derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from '../../../src/lineage/lineage-lookup.table.ts';
import {
  hasLineageStatusSql,
  lineageStatusOf,
  lineageStatusSql,
  needsLookup,
} from '../../../src/lineage/lineage-status.ts';
import type { PgliteBackend } from '../../../stand-in/sql/pglite-backend.ts';
import { giveBackPglite, openPglite } from '../../support/open-pglite.ts';

let backend: PgliteBackend;

beforeAll(async () => {
  backend = await openPglite();
  await backend.migrate();
  // Every combination of what a row may name (nothing, an empty text, something) with every recorded status, and with none.
  await backend.pglite.exec(`
    create temp table status(recorded) as values (null), ('linked'), ('pending'), ('unresolved'), ('unavailable');
    insert into artifacts (name, type, run_id, experiment_id, workflow_id, dag_id, execution_id)
      select 'x', 'llm', case run when '' then '' else run || coalesce(recorded, 'none') end,
        experiment, workflow, dag, case execution when '' then '' else execution || coalesce(recorded, 'none') end
      from status, (values (null), (''), ('run ')) r(run), (values (null), (''), ('1')) e(experiment),
        (values (null), (''), ('w')) w(workflow), (values (null), (''), ('d')) d(dag),
        (values (null), (''), ('execution ')) x(execution);
    insert into lineage_lookup (kind, workflow, name, status)
      select 'run', '', 'run ' || recorded, recorded from status where recorded is not null;
    insert into lineage_lookup (kind, workflow, name, status)
      select 'execution', w, 'execution ' || recorded, recorded
      from status, (values (''), ('w'), ('d')) w(w) where recorded is not null`);
});
afterAll(() => giveBackPglite(backend));

it.each([
  { isMlflowConfigured: true, hasLookups: true },
  { isMlflowConfigured: true, hasLookups: false },
  { isMlflowConfigured: false, hasLookups: true },
  { isMlflowConfigured: false, hasLookups: false },
])('the filter, the column and the artifact say the same of its lineage: %o', async (knowledge) => {
  const rows = await drizzle(backend.pglite)
    .select({ row: artifactTable, lookup: lineageLookupTable, status: lineageStatusSql(knowledge) })
    .from(artifactTable)
    .leftJoin(lineageLookupTable, lookupOfArtifact);
  expect(rows).toHaveLength(5 * 3 ** 5);
  const told = rows.map(({ row, lookup }) => {
    const record = { row, lookup: knowledge.hasLookups ? lookup : null };
    return deriveLineage(record, knowledge.isMlflowConfigured ? null : 'not configured').status;
  });
  expect(rows.map(({ status }) => status)).toEqual(told);

  for (const lineage of LINEAGE_STATUSES) {
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

describe('the rule in TypeScript', () => {
  const row = (
    run_id: string | null,
    experiment_id: string | null,
    execution_id: string | null,
  ) => ({
    run_id,
    experiment_id,
    execution_id,
  });
  it.each([
    ['run and experiment', row('r', '7', null), 'linked', 'linked'],
    ['a run alone', row('r', null, null), 'pending', 'unavailable'],
    ['a run with an empty experiment', row('r', '', null), 'pending', 'unavailable'],
    ['an execution alone', row(null, null, 'e'), 'pending', 'unavailable'],
    ['an experiment without its run', row(null, '7', 'e'), 'pending', 'unavailable'],
    ['nothing to ask by', row(null, null, null), 'unresolved', 'unresolved'],
    ['empty texts', row('', '', ''), 'unresolved', 'unresolved'],
    ['an experiment and nothing to ask by', row(null, '7', null), 'unresolved', 'unresolved'],
  ])('%s', (_, named, asked, unconfigured) => {
    expect(lineageStatusOf(named, null, true)).toBe(asked);
    expect(lineageStatusOf(named, null, false)).toBe(unconfigured);
  });

  it.each([
    // What was linked and lost its run again is looked for again.
    ['linked', 'pending'],
    ['pending', 'pending'],
    ['unresolved', 'unresolved'],
    ['unavailable', 'unavailable'],
  ] as const)('tells of a look-up that ended %s as %s', (recorded, told) => {
    expect(lineageStatusOf(row(null, null, 'e'), recorded, true)).toBe(told);
    expect(lineageStatusOf(row(null, null, 'e'), recorded, false)).toBe('unavailable');
    expect(lineageStatusOf(row('r', '7', 'e'), recorded, true)).toBe('linked');
  });
});

describe('the condition of a filter', () => {
  it.each(LINEAGE_STATUSES)('speaks of look-ups only where they are joined: %s', (status) => {
    for (const isMlflowConfigured of [true, false]) {
      for (const hasLookups of [true, false]) {
        const knowledge = { isMlflowConfigured, hasLookups };
        const { sql } = new PgDialect().sqlToQuery(hasLineageStatusSql(status, knowledge));
        expect(sql.includes('lineage_lookup')).toBe(needsLookup(status, knowledge));
      }
    }
    expect(needsLookup(status, { isMlflowConfigured: true, hasLookups: true })).toBe(
      status !== 'linked',
    );
  });
});
