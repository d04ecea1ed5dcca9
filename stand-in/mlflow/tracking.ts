import { MlflowError } from './error.ts';
import type { Input } from './input.ts';
import type { KeptExperiment, MlflowStore } from './store.ts';

export type Route = (input: Input) => object | Promise<object>;

/** A store as one account sees it; refuses what MLflow refuses. */
export interface Tracking {
  readonly store: MlflowStore;
  isDenied(experiment: KeptExperiment): boolean;
  isReadable(experimentId: string): boolean;
  /** Throws RESOURCE_DOES_NOT_EXIST. */
  experimentOf(id: string): KeptExperiment;
  /** Throws PERMISSION_DENIED. */
  assertReadable(experimentId: string): void;
  /** The answer, once what it tells is kept. */
  saved<T extends object>(answer: T): Promise<T>;
}

/** `isDenied`: experiments that the account may not read. */
export function createTracking(
  store: MlflowStore,
  isDenied: (experiment: KeptExperiment) => boolean,
): Tracking {
  const isReadable = (experimentId: string) => {
    const experiment = store.experiments.get(experimentId);
    return experiment !== undefined && !isDenied(experiment);
  };
  return {
    store,
    isDenied,
    isReadable,
    experimentOf(id) {
      const experiment = store.experiments.get(id);
      if (experiment === undefined)
        throw new MlflowError('RESOURCE_DOES_NOT_EXIST', `No Experiment with id=${id} exists`);
      return experiment;
    },
    assertReadable(experimentId) {
      if (!isReadable(experimentId))
        throw new MlflowError('PERMISSION_DENIED', 'Permission denied');
    },
    async saved(answer) {
      await store.save();
      return answer;
    },
  };
}
