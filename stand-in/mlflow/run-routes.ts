import { z } from 'zod';
import { invalid, MlflowError } from './error.ts';
import { parseFilter, parseOrder } from './filter.ts';
import { checkedMax, fromPairs, isInView, pairs, parse, text, viewType } from './input.ts';
import { byOrders, order, paged } from './paging.ts';
import { RUN_ATTRIBUTES, searchableRun, type KeptRun } from './store.ts';
import type { Route, Tracking } from './tracking.ts';
import { wireRun } from './wire.ts';

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

/** `METHOD path`, the path without its `/api/2.0/mlflow/`. */
export function runRoutes(tracking: Tracking): Readonly<Record<string, Route>> {
  const { store, isReadable, experimentOf, assertReadable, saved } = tracking;
  function runOf(id: string): KeptRun {
    const run = store.runs.get(id);
    if (run === undefined)
      throw new MlflowError('RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`);
    return run;
  }
  return {
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
      assertReadable(run.experimentId);
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
        search.experiment_ids.filter(
          (id) => isReadable(id) && !store.experiments.get(id)?.isDeleted,
        ),
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
}
