import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExecutionRepository } from '../../../src/catalog/execution.repository.ts';
import type { ArtifactGroupRequest } from '../../../src/catalog/group-statements.repository.ts';
import { createArtifactGroupRepository } from '../../../src/catalog/group.repository.ts';
import {
  createArtifactListRepository,
  type ArtifactPageRequest,
} from '../../../src/catalog/list.repository.ts';
import { createDatabase, type Database } from '../../../src/storage/database.ts';
import type { LocalServer } from '../../../stand-in/listen.ts';
import type { SqlStatement } from '../../../stand-in/sql/backend.ts';
import type { PgliteBackend } from '../../../stand-in/sql/pglite-backend.ts';
import { startSqlEndpoint } from '../../../stand-in/sql/server.ts';
import { giveBackPglite, openPglite } from '../../support/open-pglite.ts';

const DATABASE_URL = 'postgresql://plan:plan@127.0.0.1/plan';
const ROWS = 100_000;

let backend: PgliteBackend;
let endpoint: LocalServer;
let database: Database;
let sent: SqlStatement[] = [];

beforeAll(async () => {
  backend = await openPglite();
  await backend.migrate();
  await backend.pglite.query(
    `insert into artifacts (name, type, symbol, workflow_id, execution_id, dag_id, step_name, run_id, experiment_id, created_at)
     select 'artifact ' || i, (array['chart','llm','signal'])[1 + i % 3], 'SYM' || i % 300, 'wf-' || i / 5 % 5,
       case when i % 20 > 0 then 'execution ' || i / 5 end, 'dag-' || i % 7, 'step-' || i % 4,
       case when i % 3 = 0 then 'run ' || i / 5 end, case when i % 3 = 0 then '1' end,
       timestamptz '2025-01-01 00:00+00' + i * interval '1 minute'
     from generate_series(1, $1::int) i`,
    [ROWS],
  );
  await backend.pglite.exec('analyze');
  // Everything that is sent passes on its way to the real database.
  const recorder = {
    query: (statement: SqlStatement) => {
      sent.push(statement);
      return backend.query(statement);
    },
    transaction: (...[statements, options]: Parameters<PgliteBackend['transaction']>) => {
      sent.push(...statements);
      return backend.transaction(statements, options);
    },
    close: () => backend.close(),
  };
  endpoint = await startSqlEndpoint({
    backend: recorder,
    host: '127.0.0.1',
    port: 0,
    databaseUrl: DATABASE_URL,
  });
  database = createDatabase({ databaseUrl: DATABASE_URL, httpEndpoint: endpoint.url });
});
afterAll(async () => {
  await endpoint.close();
  await giveBackPglite(backend);
});

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: Plan[];
}

/**
 * How PostgreSQL reaches `artifacts` in one statement: by which indexes, and whether it reads the
 * whole table.
 */
async function accessOf({
  query,
  params,
}: SqlStatement): Promise<{ indexes: string[]; readsAll: boolean }> {
  const { rows } = await backend.pglite.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (format json) ${query}`,
    [...params],
  );
  const nodes: Plan[] = [];
  const visit = (plan: Plan) => {
    nodes.push(plan);
    plan.Plans?.forEach(visit);
  };
  visit(rows[0]!['QUERY PLAN'][0].Plan);
  return {
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].toSorted(),
    readsAll: nodes.some(
      (node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'artifacts',
    ),
  };
}

async function statementsOf(run: () => Promise<unknown>): Promise<SqlStatement[]> {
  sent = [];
  await run();
  return sent;
}

const flat = (request: Partial<ArtifactPageRequest>) => () =>
  createArtifactListRepository(database, { isMlflowConfigured: true }).page({
    filter: {},
    sort: '-created_at',
    limit: 100,
    after: null,
    includeBars: false,
    ...request,
  });

const grouped = (request: Partial<ArtifactGroupRequest>) => () =>
  createArtifactGroupRepository(database, { isMlflowConfigured: true }).page({
    filter: {},
    sort: '-created_at',
    limit: 100,
    after: null,
    includeBars: false,
    executionsOnly: false,
    ...request,
  });

const middle = { value: '2025-02-01 00:00:00+00', id: 44_640, upToId: null };
const ID = 'artifacts_pkey';
const CREATED = 'artifacts_created_at_idx';
const EXECUTION = 'artifacts_execution_id_idx';
const BOTH = 'artifacts_workflow_id_execution_id_idx';

describe(`on ${ROWS} artifacts`, () => {
  it.each<[string, () => Promise<unknown>, string[]]>([
    ['the newest page', flat({}), [CREATED, ID]],
    ['a page far behind', flat({ after: middle }), [CREATED, ID]],
    ['the oldest page', flat({ sort: 'created_at' }), [CREATED, ID]],
    ['by id', flat({ sort: '-id', after: middle }), [ID]],
    ['of a symbol', flat({ filter: { symbol: 'SYM7' } }), ['artifacts_symbol_idx', ID]],
    ['of a workflow', flat({ filter: { workflow_id: 'wf-3' } }), [CREATED, ID]],
    [
      'of a workflow, by symbol',
      flat({ filter: { workflow_id: 'none' } }),
      ['artifacts_workflow_id_idx', ID],
    ],
    ['of an execution', flat({ filter: { execution_id: 'execution 77' } }), [EXECUTION, ID]],
    [
      'of an execution of a workflow',
      flat({ filter: { execution_id: 'execution 77', workflow_id: 'wf-2' } }),
      [BOTH, ID],
    ],
    ['created lately', flat({ filter: { created_after: '2025-03-10T00:00:00Z' } }), [CREATED, ID]],
    ['linked', flat({ filter: { lineage: 'linked' } }), [CREATED, ID]],
    ['pending', flat({ filter: { lineage: 'pending' } }), [CREATED, ID]],
    ['a grouped page', grouped({}), [CREATED, EXECUTION, ID]],
    ['a grouped page far behind', grouped({ after: middle }), [CREATED, EXECUTION, ID]],
    ['executions', grouped({ executionsOnly: true }), [CREATED, EXECUTION, ID]],
    [
      'groups of a symbol',
      grouped({ filter: { symbol: 'SYM7' } }),
      ['artifacts_symbol_idx', EXECUTION, ID],
    ],
  ])('the page is found by indexes: %s', async (_name, run, indexes) => {
    const statements = await statementsOf(run);
    expect(statements).toHaveLength(2);
    const access = await accessOf(statements[0]!);
    expect(access.readsAll).toBe(false);
    expect(access.indexes).toEqual(expect.arrayContaining(indexes));
  });

  it.each([
    [{ symbol: 'SYM7' }, 'artifacts_symbol_idx'],
    [{ execution_id: 'execution 77' }, EXECUTION],
    [{ execution_id: 'execution 77', workflow_id: 'wf-2' }, BOTH],
    [{ created_after: '2025-03-10T00:00:00Z' }, CREATED],
  ])('the count of %o is found by an index', async (filter, index) => {
    const [, count] = await statementsOf(flat({ filter }));
    expect(await accessOf(count!)).toEqual({ indexes: [index], readsAll: false });
  });

  it('a search is counted on its way when it fits on the first page', async () => {
    expect(await statementsOf(flat({ filter: { q: 'ARTIFACT 9999' } }))).toHaveLength(1);
    expect(await statementsOf(flat({ filter: { q: 'ARTIFACT' } }))).toHaveLength(2);
  });

  it('one execution is found by its index, in all forms of its id', async () => {
    const statements = await statementsOf(() =>
      createExecutionRepository(database).find({
        executionIds: ['execution 77', 'execution 78', 'manual__77'],
        workflowId: undefined,
        includeBars: false,
      }),
    );
    expect(statements).toHaveLength(2);
    for (const statement of statements) {
      expect(await accessOf(statement)).toMatchObject({ indexes: [EXECUTION], readsAll: false });
    }
  });
});
