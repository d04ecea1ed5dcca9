import { sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import type { LineageKnowledge } from '../lineage/lineage-status.ts';
import { matchingFrom, matchingWhere } from './filter.repository.ts';
import type { ArtifactFilter } from './filter.schema.ts';
import type { GroupSort } from './list.schema.ts';
import type { PagePosition } from './page-cursor.ts';

export interface ArtifactGroupRequest {
  readonly filter: ArtifactFilter;
  readonly sort: GroupSort;
  /** Groups; a page may have fewer. */
  readonly limit: number;
  readonly after: PagePosition | null;
  readonly includeBars: boolean;
  /** Leaves out the group without execution. */
  readonly executionsOnly: boolean;
}

const GROUP_ARTIFACTS_MAX = 500;
/**
 * A page ends early, after the group that reaches this many: large groups would not fit into one
 * answer.
 */
const PAGE_ARTIFACTS_MAX = 5_000;
const PAGE_ARTIFACTS_WITH_BARS_MAX = 500;

/**
 * What `listedSql` gives for every artifact of the page: where it stands, and with the first of
 * each group its kinds.
 */
export const listedFields = {
  ordinal: sql<number>`listed.ordinal`.mapWith(Number).as('ordinal'),
  place: sql<number>`listed.place`.mapWith(Number).as('place'),
  artifactId: sql<number>`listed.artifact_id`.mapWith(Number).as('artifact_id'),
  headId: sql<number>`listed.head_id`.mapWith(Number).as('head_id'),
  headAt: sql<string>`listed.head_at`.as('head_at'),
  upToId: sql<number>`listed.up_to_id`.mapWith(Number).as('up_to_id'),
  workflowId: sql<string | null>`listed.workflow_id`.as('workflow_id'),
  executionId: sql<string | null>`listed.execution_id`.as('execution_id'),
  isShared: sql<boolean>`listed.is_shared`.as('is_shared'),
  hasMore: sql<boolean>`listed.has_more`.as('has_more'),
  kinds: sql<KindsText>`listed.kinds`.as('kinds'),
};

/** type, symbol, count, first and last `created_at` of each kind in a group. */
export type KindsText = readonly (readonly [string, string | null, number, string, string])[];

/** `a` and `b` are rows of `matching`; an empty workflow_id is none. */
const isSameExecution = (a: SQL, b: SQL) =>
  sql`${a}.execution_id = ${b}.execution_id
    and nullif(${a}.workflow_id, '') is not distinct from nullif(${b}.workflow_id, '')`;

const namesNoExecution = (a: SQL) => sql`(${a}.execution_id is null or ${a}.execution_id = '')`;

/**
 * The rows that match, as a view: every use of it is planned by itself, with the indexes that fit
 * there.
 */
function matchingSql(filter: ArtifactFilter, knowledge: LineageKnowledge): SQL {
  const { id, type, symbol, workflow_id, execution_id, created_at } = artifactTable;
  const where = matchingWhere(filter, knowledge);
  return sql`matching as not materialized (
    select ${id}, ${type}, ${symbol}, ${workflow_id}, ${execution_id}, ${created_at}
    from ${matchingFrom(filter, knowledge)} ${where === undefined ? sql`` : sql`where ${where}`})`;
}

/** Rows that are read at once in search of heads: enough for the page when a group has five. */
const stepSize = (limit: number) => Math.max(200, 5 * (limit + 1));

/**
 * A group is found by its head: its newest matching row. The rows are walked in order, some at a
 * time, until there are heads enough; whether a newer row exists is asked once for a group and
 * step. So the cost is that of the rows on the page, however many the table has. Rows that came
 * after the first page was read move no group.
 */
export function listedSql(request: ArtifactGroupRequest, knowledge: LineageKnowledge): SQL {
  const { after, limit, sort } = request;
  const isDescending = sort === '-created_at';
  const [way, back, beyond] = isDescending
    ? [sql`desc`, sql`asc`, sql`<`]
    : [sql`asc`, sql`desc`, sql`>`];
  const start =
    after === null
      ? isDescending
        ? sql`'infinity'::timestamptz, 2147483647`
        : sql`'-infinity'::timestamptz, -2147483648`
      : sql`${after.value}::timestamptz, ${after.id}::integer`;
  const upTo = after?.upToId ?? null;
  const isOld = (a: SQL) => (upTo === null ? sql`` : sql`and ${a}.id <= ${upTo}::integer`);
  const [h, n, m] = [sql`h`, sql`n`, sql`m`];
  const step = stepSize(limit);
  const { id, created_at, workflow_id, execution_id } = artifactTable;
  const ungrouped = sql`union all (select n.id, n.created_at, null, null from (
      select n.id, n.created_at from matching n where ${namesNoExecution(n)} ${isOld(n)}
      order by n.created_at desc, n.id desc limit 1) n
    where (n.created_at, n.id) ${beyond} (${start}))`;
  const newestId =
    upTo === null ? sql`(select max(${id}) from ${artifactTable})` : sql`${upTo}::integer`;
  const artifactsMax = request.includeBars ? PAGE_ARTIFACTS_WITH_BARS_MAX : PAGE_ARTIFACTS_MAX;
  return sql`with recursive ${matchingSql(request.filter, knowledge)},
  walk(created_at, id, heads, is_end) as (
    select ${start}, array[]::integer[], false
    union all
    select s.created_at, s.id, w.heads || s.heads, s.is_end
    from walk w cross join lateral (
      with step as materialized (
        select m.id, m.created_at, nullif(m.workflow_id, '') as workflow_id, m.execution_id
        from matching m
        where m.execution_id <> '' ${isOld(m)}
          and (m.created_at, m.id) ${beyond} (w.created_at, w.id)
        order by m.created_at ${way}, m.id ${way} limit ${step}),
      last as (select created_at, id from step order by created_at ${back}, id ${back} limit 1)
      select (select created_at from last), (select id from last),
        (select count(*) from step) < ${step} as is_end,
        array(
          select h.id from (
            select distinct on (execution_id, workflow_id) * from step
            order by execution_id, workflow_id, created_at desc, id desc) h
          where not exists (
            select from matching n where ${isSameExecution(n, h)} ${isOld(n)}
              and (n.created_at, n.id) > (h.created_at, h.id))
          order by h.created_at ${way}, h.id ${way}) as heads) s
    where not w.is_end and cardinality(w.heads) <= ${limit}),
  heads as materialized (
    select h.*, row_number() over (order by h.created_at ${way}, h.id ${way}) as ordinal
    from (
      select ${id}, ${created_at}, nullif(${workflow_id}, '') as workflow_id, ${execution_id}
      from ${artifactTable}
      where ${id} = any (
        (select heads from walk order by cardinality(heads) desc limit 1)::integer[])
      ${request.executionsOnly ? sql`` : ungrouped}) h
    order by h.created_at ${way}, h.id ${way} limit ${limit + 1}),
  summarised as materialized (
    select h.*, g.*, exists (
      select from matching m where m.execution_id = h.execution_id
        and nullif(m.workflow_id, '') is distinct from h.workflow_id) as is_shared
    from heads h cross join lateral (${summarySql}) g where h.ordinal <= ${limit}),
  shown as (
    select h.*,
      sum(cardinality(h.ids)) over (order by h.ordinal) - cardinality(h.ids) as listed_before
    from summarised h)
  select h.ordinal, h.id as head_id, h.created_at as head_at, h.workflow_id, h.execution_id,
    h.is_shared, h.ordinal < (select count(*) from heads) as has_more, ${newestId} as up_to_id,
    m.id as artifact_id, m.place, case when m.place = 1 then h.kinds end as kinds
  from shown h cross join lateral unnest(h.ids) with ordinality m(id, place)
  where h.listed_before < ${artifactsMax}`;
}

/**
 * Of the group whose head is `h`. Two arms instead of an "or", each with an index of its own; the
 * one that is not meant is not run.
 */
const summarySql = sql`with members as materialized (
    select m.* from matching m
    where h.execution_id is not null and ${isSameExecution(sql`m`, sql`h`)}
    union all
    select m.* from matching m where h.execution_id is null and ${namesNoExecution(sql`m`)})
  select array(
      select m.id from members m order by m.created_at desc, m.id desc
      limit ${GROUP_ARTIFACTS_MAX}) as ids,
    (select jsonb_agg(jsonb_build_array(k.type, k.symbol, k.n, k.first_at::text, k.last_at::text))
      from (
        select m.type, m.symbol, count(*) as n,
          min(m.created_at) as first_at, max(m.created_at) as last_at
        from members m group by m.type, m.symbol) k) as kinds`;

/**
 * Grouped by the plain columns, which an index has in that order; what the few groups without a
 * name have in common is put together afterwards.
 */
export function countSql(request: ArtifactGroupRequest, knowledge: LineageKnowledge): SQL {
  const isExecution = sql`execution_id <> ''`;
  const isNameless = sql`(execution_id is null or execution_id = '')`;
  const ungrouped = sql`coalesce(max(1) filter (where ${isNameless}), 0)`;
  return sql`with ${matchingSql(request.filter, knowledge)}
    select coalesce(sum(n), 0) as total,
      count(*) filter (where ${isExecution} and workflow_id <> '')
        + count(distinct execution_id) filter (
          where ${isExecution} and (workflow_id is null or workflow_id = ''))
        + ${request.executionsOnly ? sql`0` : ungrouped} as groups
    from (
      select workflow_id, execution_id, count(*) as n from matching
      group by workflow_id, execution_id) g`;
}
