import { z } from 'zod';
import { invalid, MlflowError } from './error.ts';
import { parseFilter, parseOrder, type Searchable } from './filter.ts';
import {
  EXPERIMENT_ATTRIBUTES,
  RUN_ATTRIBUTES,
  searchableExperiment,
  searchableRun,
  type KeptExperiment,
  type KeptRun,
  type MlflowStore,
} from './store.ts';
import { wireExperiment, wireRun } from './wire.ts';

/** Body of a POST, or query of a GET; the REST API takes either form of its parameters. */
type Input = Readonly<Record<string, unknown>>;

export interface MlflowRoutes {
  /** By `METHOD path`, the path without its `/api/2.0/mlflow/`. */
  find(method: string, path: string): ((input: Input) => object | Promise<object>) | null;
}

const MAX_RESULTS = 50_000;
const text = z.string();
const pairs = z.array(z.object({ key: z.string().min(1), value: z.coerce.string() })).default([]);
const metrics = z
  .array(
    z.object({
      key: z.string().min(1),
      value: z.coerce.number(),
      timestamp: z.coerce.number().default(0),
      step: z.coerce.number().default(0),
    }),
  )
  .default([]);
const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
const viewType = z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY');

/** The tracking API over a store. `isDenied`: experiments that the account may not read. */
export function createMlflowRoutes(
  store: MlflowStore,
  isDenied: (experiment: KeptExperiment) => boolean,
): MlflowRoutes {
  const readable = (experimentId: string) => {
    const experiment = store.experiments.get(experimentId);
    return experiment !== undefined && !isDenied(experiment);
  };

  function experimentOf(id: string): KeptExperiment {
    const experiment = store.experiments.get(id);
    if (experiment === undefined)
      throw new MlflowError('RESOURCE_DOES_NOT_EXIST', `No Experiment with id=${id} exists`);
    return experiment;
  }
  function runOf(id: string): KeptRun {
    const run = store.runs.get(id);
    if (run === undefined)
      throw new MlflowError('RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`);
    return run;
  }
  function permitted(experimentId: string): void {
    if (!readable(experimentId)) throw new MlflowError('PERMISSION_DENIED', 'Permission denied');
  }
  async function saved<T extends object>(answer: T): Promise<T> {
    await store.save();
    return answer;
  }

  const routes: Record<string, (input: Input) => object | Promise<object>> = {
    'POST experiments/create': (input) => {
      const { name, tags } = parse(z.object({ name: text.min(1), tags: pairs }), input);
      if ([...store.experiments.values()].some((one) => one.name === name))
        throw new MlflowError(
          'RESOURCE_ALREADY_EXISTS',
          `Experiment(name=${name}) already exists.`,
        );
      return saved({ experiment_id: store.addExperiment(name, fromPairs(tags)).id });
    },
    'GET experiments/get': (input) => {
      const { experiment_id } = parse(z.object({ experiment_id: text }), input);
      const experiment = experimentOf(experiment_id);
      permitted(experiment.id);
      return { experiment: wireExperiment(experiment) };
    },
    'GET experiments/get-by-name': (input) => {
      const { experiment_name } = parse(z.object({ experiment_name: text }), input);
      const experiment = [...store.experiments.values()].find(
        (one) => one.name === experiment_name,
      );
      if (experiment === undefined)
        throw new MlflowError(
          'RESOURCE_DOES_NOT_EXIST',
          `Could not find experiment with name '${experiment_name}'`,
        );
      permitted(experiment.id);
      return { experiment: wireExperiment(experiment) };
    },
    'POST experiments/delete': (input) => {
      experimentOf(parse(z.object({ experiment_id: text }), input).experiment_id).isDeleted = true;
      return saved({});
    },
    'POST experiments/search': (input) => {
      const { max_results, page_token, filter, view_type } = parse(
        z.object({
          max_results: z.coerce.number({ error: 'is required' }),
          page_token: text.optional(),
          filter: text.default(''),
          view_type: viewType,
        }),
        input,
      );
      const matches = parseFilter(filter, EXPERIMENT_ATTRIBUTES);
      const found = [...store.experiments.values()]
        .filter(
          (one) => isInView(one, view_type) && !isDenied(one) && matches(searchableExperiment(one)),
        )
        .toSorted((a, b) => b.createdAt - a.createdAt || Number(b.id) - Number(a.id));
      return paged('experiments', found.map(wireExperiment), checkedMax(max_results), page_token);
    },
    'POST runs/create': (input) => {
      const { experiment_id, run_name, start_time, tags } = parse(
        z.object({
          experiment_id: text,
          run_name: text.optional(),
          start_time: z.coerce.number().default(0),
          tags: pairs,
        }),
        input,
      );
      const experiment = experimentOf(experiment_id);
      if (experiment.isDeleted)
        throw invalid(
          `The experiment ${experiment.id} must be in the 'active' state. Current state is deleted.`,
        );
      const named = fromPairs(tags);
      const name = run_name ?? named['mlflow.runName'] ?? `run-${store.runs.size + 1}`;
      const run = store.addRun({
        experimentId: experiment.id,
        name,
        startTime: start_time,
        tags: { ...named, 'mlflow.runName': name },
      });
      return saved({ run: wireRun(run) });
    },
    'GET runs/get': (input) => {
      const { run_id } = parse(z.object({ run_id: text }), input);
      const run = runOf(run_id);
      permitted(run.experimentId);
      return { run: wireRun(run) };
    },
    'POST runs/update': (input) => {
      const { run_id, status, end_time, run_name } = parse(
        z.object({
          run_id: text,
          status: z.enum(RUN_STATUSES).optional(),
          end_time: z.coerce.number().optional(),
          run_name: text.optional(),
        }),
        input,
      );
      const run = runOf(run_id);
      run.status = status ?? run.status;
      run.endTime = end_time ?? run.endTime;
      run.name = run_name ?? run.name;
      return saved({ run_info: wireRun(run).info });
    },
    'POST runs/delete': (input) => {
      runOf(parse(z.object({ run_id: text }), input).run_id).isDeleted = true;
      return saved({});
    },
    'POST runs/restore': (input) => {
      runOf(parse(z.object({ run_id: text }), input).run_id).isDeleted = false;
      return saved({});
    },
    'POST runs/set-tag': (input) => {
      const { run_id, key, value } = parse(
        z.object({ run_id: text, key: text.min(1), value: text }),
        input,
      );
      Object.assign(runOf(run_id).tags, { [key]: value });
      return saved({});
    },
    'POST runs/log-parameter': (input) => {
      const { run_id, key, value } = parse(
        z.object({ run_id: text, key: text.min(1), value: text }),
        input,
      );
      Object.assign(runOf(run_id).params, { [key]: value });
      return saved({});
    },
    'POST runs/log-batch': (input) => {
      const batch = parse(z.object({ run_id: text, params: pairs, tags: pairs, metrics }), input);
      const run = runOf(batch.run_id);
      Object.assign(run.params, fromPairs(batch.params));
      Object.assign(run.tags, fromPairs(batch.tags));
      for (const { key, ...metric } of batch.metrics) Object.assign(run.metrics, { [key]: metric });
      return saved({});
    },
    'POST runs/search': (input) => {
      const search = parse(
        z.object({
          experiment_ids: z.array(z.coerce.string()).default([]),
          filter: text.default(''),
          run_view_type: viewType,
          max_results: z.coerce.number().default(1_000),
          order_by: z.array(text).default([]),
          page_token: text.optional(),
        }),
        input,
      );
      const matches = parseFilter(search.filter, RUN_ATTRIBUTES);
      const orders = search.order_by.map((clause) => parseOrder(clause, RUN_ATTRIBUTES));
      const max = checkedMax(search.max_results);
      const asked = new Set(
        search.experiment_ids.filter((id) => readable(id) && !store.experiments.get(id)?.isDeleted),
      );
      const found = [...store.runs.values()]
        .filter((run) => asked.has(run.experimentId) && isInView(run, search.run_view_type))
        .map((run) => ({ run, seen: searchableRun(run) }))
        .filter(({ seen }) => matches(seen))
        .toSorted(
          (a, b) =>
            byOrders(orders, a.seen, b.seen) ||
            b.run.startTime - a.run.startTime ||
            order(a.run.id, b.run.id),
        );
      return paged(
        'runs',
        found.map(({ run }) => run),
        max,
        search.page_token,
        wireRun,
      );
    },
  };
  return { find: (method, path) => routes[`${method} ${path}`] ?? null };
}

function parse<T>(schema: z.ZodType<T>, input: Input): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? 'request');
  throw invalid(
    input[name] === undefined
      ? `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`
      : `Invalid value ${JSON.stringify(input[name]).slice(0, 100)} for parameter '${name}' supplied: ${issue?.message}`,
  );
}

function fromPairs(list: readonly { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value]));
}

function isInView({ isDeleted }: { isDeleted: boolean }, view: z.output<typeof viewType>): boolean {
  return view === 'ALL' || isDeleted === (view === 'DELETED_ONLY');
}

function checkedMax(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= MAX_RESULTS) return value;
  throw invalid(
    value > MAX_RESULTS
      ? `Invalid value for request parameter max_results. It must be at most ${MAX_RESULTS}, but got value ${value}`
      : `Invalid value ${value} for parameter 'max_results' supplied.`,
  );
}

type Order = ReturnType<typeof parseOrder>;

function byOrders(orders: readonly Order[], a: Searchable, b: Searchable): number {
  for (const { valueOf, descends } of orders) {
    const [left, right] = [valueOf(a), valueOf(b)];
    if (left === right) continue;
    // What has no value comes last, whatever the direction.
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    return descends ? order(right, left) : order(left, right);
  }
  return 0;
}

function order(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** An empty answer has no list at all, as protobuf's JSON has it. */
function paged<T>(
  name: string,
  all: readonly T[],
  maxResults: number,
  token: string | undefined,
  toWire: (one: T) => unknown = (one) => one,
): object {
  const from = token === undefined || token === '' ? 0 : offsetOf(token);
  const page = all.slice(from, from + maxResults).map(toWire);
  const end = from + page.length;
  return {
    ...(page.length === 0 ? {} : { [name]: page }),
    ...(end < all.length
      ? { next_page_token: Buffer.from(`{"offset": ${end}}`).toString('base64') }
      : {}),
  };
}

function offsetOf(token: string): number {
  try {
    const { offset } = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as {
      offset: unknown;
    };
    if (typeof offset === 'number') return offset;
  } catch {
    // Told below.
  }
  throw invalid('Invalid page token, could not base64-decode');
}
