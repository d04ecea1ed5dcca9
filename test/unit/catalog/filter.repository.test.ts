import { PgDialect } from 'drizzle-orm/pg-core';
import { describe, expect, it } from 'vitest';
import {
  matchingFrom,
  matchingNeedsLookup,
  matchingWhere,
} from '../../../src/catalog/filter.repository.ts';
import { artifactListQuery } from '../../../src/catalog/list.schema.ts';

const dialect = new PgDialect();
const KNOWN = { isMlflowConfigured: true, hasLookups: true };

/** The condition of a query, without the names of the table. */
function where(query: Record<string, string>): { sql: string; params: unknown[] } | null {
  const { sort: _, limit: __, ...filter } = artifactListQuery.parse(query);
  const condition = matchingWhere(filter, KNOWN);
  if (condition === undefined) return null;
  const { sql, params } = dialect.sqlToQuery(condition);
  return { sql: sql.replaceAll('"artifacts".', '').replaceAll('"', ''), params };
}

describe('matchingWhere', () => {
  it('wants everything where nothing is said, also with an empty search', () => {
    expect(where({})).toBeNull();
    expect(where({ q: '' })).toBeNull();
  });

  it.each(['symbol', 'workflow_id', 'execution_id', 'dag_id', 'step_name', 'run_id'])(
    'compares %s exactly',
    (name) => {
      expect(where({ [name]: "a'b" })).toEqual({ sql: `${name} = $1`, params: ["a'b"] });
    },
  );

  it.each(['chart', 'llm', 'signal'])('knows the type %s by its column', (type) => {
    expect(where({ type })).toEqual({ sql: 'type = $1', params: [type] });
  });

  it.each(['order', 'trade', 'portfolio'])('knows the signal %s by its data', (type) => {
    expect(where({ type })).toEqual({
      sql: "(type = $1 and signal_data ->> 'artifact_type' = $2)",
      params: ['signal', type],
    });
  });

  it('searches name, symbol and run_id in any case, for the text as it is', () => {
    expect(where({ q: '50%_' })).toEqual({
      sql:
        '(strpos(lower(name), lower($1)) > 0 or strpos(lower(symbol), lower($2)) > 0' +
        ' or strpos(lower(run_id), lower($3)) > 0)',
      params: ['50%_', '50%_', '50%_'],
    });
  });

  it('takes times from the first on, and up to the last', () => {
    expect(where({ created_after: '2025-11-15', created_before: '2025-11-16' })).toEqual({
      sql: '(created_at >= $1 and created_at < $2)',
      params: ['2025-11-15T00:00:00Z', '2025-11-16T00:00:00Z'],
    });
  });
});

describe('look-ups', () => {
  it.each([
    [{}, false],
    [{ symbol: 'AAPL' }, false],
    [{ lineage: 'linked' }, false],
    [{ lineage: 'pending' }, true],
  ] as const)('are joined where the condition speaks of them: %j', (filter, isJoined) => {
    expect(matchingNeedsLookup(filter, KNOWN)).toBe(isJoined);
    const { sql } = dialect.sqlToQuery(matchingFrom(filter, KNOWN));
    expect(sql.includes('left join "lineage_lookup"')).toBe(isJoined);
  });
});
