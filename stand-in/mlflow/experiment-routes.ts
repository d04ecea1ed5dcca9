import { z } from 'zod';
import { MlflowError } from './error.ts';
import { parseFilter } from './filter.ts';
import { checkedMax, fromPairs, isInView, pairs, parse, text, viewType } from './input.ts';
import { paged } from './paging.ts';
import { EXPERIMENT_ATTRIBUTES, searchableExperiment } from './store.ts';
import type { Route, Tracking } from './tracking.ts';
import { wireExperiment } from './wire.ts';

/** `METHOD path`, the path without its `/api/2.0/mlflow/`. */
export function experimentRoutes(tracking: Tracking): Readonly<Record<string, Route>> {
  const { store, isDenied, experimentOf, assertReadable, saved } = tracking;
  return {
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
      assertReadable(experiment.id);
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
      assertReadable(experiment.id);
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
  };
}
