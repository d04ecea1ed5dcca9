import { invalid } from './error.ts';

/** A run or experiment, as far as filters and orders look at it. */
export interface Searchable {
  attribute(name: string): string | number | undefined;
  tag(key: string): string | undefined;
  param(key: string): string | undefined;
  metric(key: string): number | undefined;
}

export type Predicate = (of: Searchable) => boolean;

type Entity = 'tag' | 'parameter' | 'metric' | 'attribute';

const ENTITIES: Readonly<Record<string, Entity>> = {
  tag: 'tag',
  tags: 'tag',
  param: 'parameter',
  params: 'parameter',
  parameter: 'parameter',
  parameters: 'parameter',
  metric: 'metric',
  metrics: 'metric',
  attr: 'attribute',
  attribute: 'attribute',
  attributes: 'attribute',
  run: 'attribute',
};
const NUMERIC = new Set([
  'start_time',
  'end_time',
  'created',
  'Created',
  'creation_time',
  'last_update_time',
]);
const TEXT_COMPARATORS = ['=', '!=', 'LIKE', 'ILIKE'];
const NUMBER_COMPARATORS = ['=', '!=', '>', '>=', '<', '<='];
/**
 * An identifier (its key perhaps quoted), a comparator, a value; nothing in a quoted value is
 * unescaped.
 */
const CLAUSE =
  /^\s*((?:[A-Za-z_]+\.)?(?:`[^`]*`|"[^"]*"|[\w./-]+))\s*(?:(!=|>=|<=|=|>|<|(?:NOT\s+)?IN\b|I?LIKE\b)\s*('[^']*'|"[^"]*"|\([^)]*\)|[^\s'"()]+)|IS\s+(NOT\s+)?NULL\b)/i;

/**
 * MLflow's search grammar: clauses joined by AND. Throws what MLflow answers. `attributes`: those
 * that exist.
 */
export function parseFilter(text: string, attributes: ReadonlySet<string>): Predicate {
  const predicates: Predicate[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const match = CLAUSE.exec(rest);
    if (match === null)
      throw invalid(`Invalid clause(s) in filter string: '${rest.trim().slice(0, 100)}'`);
    const [whole, identifier = '', comparator, value = '', not] = match;
    const field = parseField(identifier, attributes);
    predicates.push(
      comparator === undefined
        ? nullPredicate(field, not !== undefined)
        : clausePredicate(field, comparator.toUpperCase().replace(/\s+/, ' '), value),
    );
    rest = rest.slice(whole.length);
    const and = /^\s+AND(?=\s|$)/i.exec(rest);
    if (and !== null) rest = rest.slice(and[0].length);
    else if (rest.trim() !== '')
      throw invalid(`Invalid clause(s) in filter string: '${rest.trim().slice(0, 100)}'`);
  }
  return (of) => predicates.every((predicate) => predicate(of));
}

interface Field {
  readonly entity: Entity;
  readonly key: string;
}

function parseField(identifier: string, attributes: ReadonlySet<string>): Field {
  const dot = /^([A-Za-z_]+)\.(.+)$/s.exec(identifier);
  const entityName = dot?.[1] ?? 'attribute';
  const entity = ENTITIES[entityName];
  if (entity === undefined) {
    throw invalid(
      `Invalid entity type '${entityName}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']`,
    );
  }
  const key = (dot?.[2] ?? identifier).replace(/^(["`])(.*)\1$/s, '$2');
  if (entity === 'attribute' && !attributes.has(key)) {
    throw invalid(
      `Invalid attribute key '${key}' specified. Valid keys are '${[...attributes].join(', ')}'`,
    );
  }
  return { entity, key };
}

function valueOf({ entity, key }: Field, of: Searchable): string | number | undefined {
  if (entity === 'tag') return of.tag(key);
  if (entity === 'parameter') return of.param(key);
  return entity === 'metric' ? of.metric(key) : of.attribute(key);
}

function nullPredicate(field: Field, isNot: boolean): Predicate {
  if (field.entity === 'metric' || field.entity === 'attribute')
    throw invalid(`Invalid comparator 'IS NULL' for ${field.entity}`);
  return (of) => (valueOf(field, of) !== undefined) === isNot;
}

function clausePredicate(field: Field, comparator: string, raw: string): Predicate {
  if (comparator === 'IN' || comparator === 'NOT IN') return listPredicate(field, comparator, raw);
  const isNumeric =
    field.entity === 'metric' || (field.entity === 'attribute' && NUMERIC.has(field.key));
  const allowed = isNumeric ? NUMBER_COMPARATORS : TEXT_COMPARATORS;
  if (!allowed.includes(comparator)) {
    throw invalid(
      `Invalid comparator '${comparator}' not one of '{${allowed.map((one) => `'${one}'`).join(', ')}}'`,
    );
  }
  const quoted = /^(['"])(.*)\1$/s.exec(raw);
  if (isNumeric) {
    const wanted =
      quoted === null && /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(raw) ? Number(raw) : Number.NaN;
    if (Number.isNaN(wanted))
      throw invalid(`Expected numeric value type for ${field.entity}: ${field.key}. Found ${raw}`);
    return (of) => {
      const value = valueOf(field, of);
      return typeof value === 'number' && compareNumbers(value, comparator, wanted);
    };
  }
  if (quoted === null) {
    throw invalid(
      `Expected a quoted string value for ${field.entity} (e.g. 'my-value'). Got value ${raw}`,
    );
  }
  const test = textTest(comparator, quoted[2] ?? '');
  // A run without the key matches nothing, not even "!=".
  return (of) => {
    const value = valueOf(field, of);
    return value !== undefined && test(String(value));
  };
}

function listPredicate(field: Field, comparator: string, raw: string): Predicate {
  if (field.entity !== 'attribute') {
    throw invalid(
      `Expected a quoted string value for ${field.entity} (e.g. 'my-value'). Got value ${raw}`,
    );
  }
  if (field.key !== 'run_id')
    throw invalid(`Only the 'run_id' attribute supports comparison with a list`);
  const values = [...raw.matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2]);
  if (values.length === 0)
    throw invalid(`While parsing a list in the query, expected a non-empty list`);
  return (of) => values.includes(String(valueOf(field, of))) === (comparator === 'IN');
}

function compareNumbers(value: number, comparator: string, wanted: number): boolean {
  switch (comparator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
    case '<':
      return value < wanted;
    default:
      return value <= wanted;
  }
}

function textTest(comparator: string, wanted: string): (value: string) => boolean {
  if (comparator === '=') return (value) => value === wanted;
  if (comparator === '!=') return (value) => value !== wanted;
  const source = wanted
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  const pattern = new RegExp(`^${source}$`, comparator === 'ILIKE' ? 'isu' : 'su');
  return (value) => pattern.test(value);
}

/** `attributes.start_time DESC`, `metrics.loss`: the value to order by, and whether it descends. */
export function parseOrder(
  text: string,
  attributes: ReadonlySet<string>,
): {
  readonly valueOf: (of: Searchable) => string | number | undefined;
  readonly descends: boolean;
} {
  const match = /^\s*(\S+|\S*`[^`]*`|\S*"[^"]*")(?:\s+(ASC|DESC))?\s*$/i.exec(text);
  if (match === null) throw invalid(`Invalid order_by clause '${text}'`);
  const field = parseField(match[1] ?? '', attributes);
  return { valueOf: (of) => valueOf(field, of), descends: match[2]?.toUpperCase() === 'DESC' };
}
