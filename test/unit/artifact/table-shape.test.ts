import { describe, expect, it } from 'vitest';
import { WANTED_COLUMNS } from '../../../src/artifact/table-shape.repository.ts';
import { fits, repairStatements, tableProblem, type StoredTable } from '../../../src/artifact/table-shape.ts';

/** As `format_type` writes what migrations/0000 makes. */
const AS_MIGRATED: Readonly<Record<string, string>> = {
  serial: 'integer',
  'numeric(3, 2)': 'numeric(3,2)',
};
const columns = WANTED_COLUMNS.map(({ name, type }) => ({
  name,
  type: AS_MIGRATED[type] ?? type.replace(/^varchar/, 'character varying'),
}));
const table: StoredTable = { kind: 'r', isWritable: true, columns, otherSchemas: [] };

describe('types that work as well', () => {
  it.each([
    ['varchar(50)', 'character varying(50)', true],
    ['varchar(50)', 'character varying(51)', true],
    ['varchar(50)', 'character varying', true],
    ['varchar(50)', 'text', true],
    ['varchar(50)', 'character varying(49)', false],
    ['varchar(50)', 'character(50)', false],
    ['varchar(50)', 'name', false],
    ['varchar(50)', 'citext', false],
    ['varchar(50)', 'uuid', false],
    ['varchar(50)', 'integer', false],
    ['varchar(50)', 'text[]', false],
    ['varchar(50)', 'character varying(50)[]', false],
    ['text', 'text', true],
    ['text', 'character varying', true],
    ['text', 'character varying(4000)', false],
    ['serial', 'integer', true],
    ['serial', 'bigint', false],
    ['serial', 'smallint', false],
    ['serial', 'uuid', false],
    ['integer', 'integer', true],
    ['integer', 'bigint', true],
    ['integer', 'smallint', false],
    ['integer', 'numeric', false],
    ['numeric(3, 2)', 'numeric(3,2)', true],
    ['numeric(3, 2)', 'numeric(10,4)', true],
    ['numeric(3, 2)', 'numeric', true],
    ['numeric(3, 2)', 'double precision', true],
    ['numeric(3, 2)', 'real', true],
    ['numeric(3, 2)', 'numeric(3,1)', false],
    ['numeric(3, 2)', 'numeric(3,3)', false],
    ['numeric(3, 2)', 'numeric(5)', false],
    ['numeric(3, 2)', 'numeric(5,-1)', false],
    ['numeric(3, 2)', 'integer', false],
    ['jsonb', 'jsonb', true],
    ['jsonb', 'json', false],
    ['jsonb', 'text', false],
    ['timestamp with time zone', 'timestamp with time zone', true],
    ['timestamp with time zone', 'timestamp(3) with time zone', true],
    ['timestamp with time zone', 'timestamp without time zone', false],
    ['timestamp with time zone', 'timestamp(3) without time zone', false],
    ['timestamp with time zone', 'date', false],
  ])('%s on %s: %s', (needs, is, expected) => {
    expect(fits(is, needs)).toBe(expected);
  });
});

describe('the table', () => {
  it('is fine as migrated, and with columns that nobody asked for', () => {
    expect(columns).toHaveLength(25);
    expect(tableProblem(table, WANTED_COLUMNS)).toBeNull();
    const more = { ...table, columns: [...columns, { name: 'team_note', type: 'xml' }].toReversed() };
    expect(tableProblem(more, WANTED_COLUMNS)).toBeNull();
  });

  it.each(WANTED_COLUMNS.map(({ name }) => name))('needs %s', (name) => {
    const without = { ...table, columns: columns.filter((column) => column.name !== name) };
    expect(tableProblem(without, WANTED_COLUMNS)).toMatchObject({
      reason: 'other_shape',
      columns: [{ column: name, problem: 'missing', is: null }],
    });
    const wrong = { ...table, columns: [...without.columns, { name, type: 'xml' }] };
    expect(tableProblem(wrong, WANTED_COLUMNS)).toMatchObject({
      reason: 'other_shape',
      columns: [{ column: name, problem: 'wrong_type', is: 'xml' }],
    });
  });

  it('names everything at once, with what would help', () => {
    const bare = { ...table, columns: [{ name: 'id', type: 'bigint' }, ...columns.slice(3, -2)] };
    bare.columns.push({ name: 'created_at', type: 'timestamp without time zone' });
    const problem = tableProblem(bare, WANTED_COLUMNS);
    expect(problem?.detail).toBe(
      'The table "artifacts" has another shape: column "id" is bigint and must be integer; column "name" is missing (varchar(255)); ' +
        'column "type" is missing (varchar(50)); column "created_at" is timestamp without time zone and must be timestamp with time zone; ' +
        'column "updated_at" is missing (timestamp with time zone).',
    );
    expect(problem === null ? [] : repairStatements(problem)).toEqual([
      'alter table artifacts alter column id type integer using id::integer;',
      "alter table artifacts add column name varchar(255) not null default '';",
      "alter table artifacts add column type varchar(50) not null default '';",
      "alter table artifacts alter column created_at type timestamp with time zone using created_at at time zone 'UTC';",
      'alter table artifacts add column updated_at timestamp with time zone;',
    ]);
  });

  it('is not there, or only where nobody looks', () => {
    const none: StoredTable = { kind: null, isWritable: false, columns: [], otherSchemas: [] };
    expect(tableProblem(none, WANTED_COLUMNS)).toMatchObject({ reason: 'not_migrated', columns: [] });
    const away = { ...none, otherSchemas: ['trading'] };
    expect(tableProblem(away, WANTED_COLUMNS)?.detail).toContain('Schema trading has one');
  });

  it.each([
    ['v', true, null],
    ['p', true, null],
    ['f', true, null],
    ['v', false, '"artifacts" is a view that takes no rows: it must be a table.'],
    ['m', false, '"artifacts" is a materialized view: it must be a table.'],
  ])('of kind %s, writable %s: %s', (kind, isWritable, detail) => {
    expect(tableProblem({ ...table, kind, isWritable }, WANTED_COLUMNS)?.detail ?? null).toBe(detail);
  });
});
