import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlainError, systemCode } from '../plain-error.ts';
import type { Searchable } from './filter.ts';

export interface KeptExperiment {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly tags: Record<string, string>;
  isDeleted: boolean;
}

export interface KeptRun {
  readonly id: string;
  readonly experimentId: string;
  readonly tags: Record<string, string>;
  readonly params: Record<string, string>;
  readonly metrics: Record<string, { value: number; timestamp: number; step: number }>;
  name: string;
  status: string;
  startTime: number;
  endTime: number | null;
  isDeleted: boolean;
}

interface State {
  nextExperimentId: number;
  experiments: KeptExperiment[];
  runs: KeptRun[];
}

/**
 * What the stand-in knows; a directory keeps it between starts, in one file that is always whole.
 */
export class MlflowStore {
  readonly experiments = new Map<string, KeptExperiment>();
  readonly runs = new Map<string, KeptRun>();
  #nextExperimentId = 1;
  #writing: Promise<void> = Promise.resolve();
  readonly #path: string | null;

  private constructor(path: string | null) {
    this.#path = path;
  }

  /** Null: in memory only. Throws `PlainError`. */
  static async open(directory: string | null): Promise<MlflowStore> {
    const store = new MlflowStore(directory === null ? null : join(directory, 'mlflow.json'));
    if (directory !== null) await mkdir(directory, { recursive: true });
    const state = await store.#read();
    for (const experiment of state.experiments) store.experiments.set(experiment.id, experiment);
    for (const run of state.runs) store.runs.set(run.id, run);
    store.#nextExperimentId = state.nextExperimentId;
    return store;
  }

  addExperiment(name: string, tags: Record<string, string>): KeptExperiment {
    const id = String(this.#nextExperimentId);
    this.#nextExperimentId += 1;
    const experiment = { id, name, createdAt: Date.now(), tags, isDeleted: false };
    this.experiments.set(id, experiment);
    return experiment;
  }

  addRun(run: Pick<KeptRun, 'experimentId' | 'name' | 'startTime' | 'tags'>): KeptRun {
    const id = randomUUID().replaceAll('-', '');
    const added = {
      ...run,
      id,
      params: {},
      metrics: {},
      status: 'RUNNING',
      endTime: null,
      isDeleted: false,
    };
    this.runs.set(id, added);
    return added;
  }

  /** Written beside and renamed; changes that come meanwhile are in the next write. */
  save(): Promise<void> {
    const path = this.#path;
    if (path === null) return Promise.resolve();
    const write = async () => {
      const state: State = {
        nextExperimentId: this.#nextExperimentId,
        experiments: [...this.experiments.values()],
        runs: [...this.runs.values()],
      };
      await writeFile(`${path}.new`, JSON.stringify(state));
      await rename(`${path}.new`, path);
    };
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }

  async #read(): Promise<State> {
    const first = { id: '0', name: 'Default', createdAt: Date.now(), tags: {}, isDeleted: false };
    const empty = { nextExperimentId: 1, experiments: [first], runs: [] };
    if (this.#path === null) return empty;
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as State;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return empty;
      throw new PlainError(
        `${this.#path} cannot be read: delete it, and start again (the local MLflow runs end with it).`,
      );
    }
  }
}

export const RUN_ATTRIBUTES: ReadonlySet<string> = new Set([
  'run_id',
  'run_name',
  'status',
  'start_time',
  'end_time',
  'artifact_uri',
  'user_id',
  'created',
]);

export function searchableRun(run: KeptRun): Searchable {
  const attributes: Readonly<Record<string, string | number | null>> = {
    run_id: run.id,
    run_name: run.name,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
    artifact_uri: '',
    user_id: '',
    created: run.startTime,
  };
  return {
    attribute: (name) => attributes[name] ?? undefined,
    tag: (key) => own(run.tags, key),
    param: (key) => own(run.params, key),
    metric: (key) => own(run.metrics, key)?.value,
  };
}

export const EXPERIMENT_ATTRIBUTES: ReadonlySet<string> = new Set([
  'name',
  'creation_time',
  'last_update_time',
]);

export function searchableExperiment(experiment: KeptExperiment): Searchable {
  return {
    attribute: (name) => (name === 'name' ? experiment.name : experiment.createdAt),
    tag: (key) => own(experiment.tags, key),
    param: () => undefined,
    metric: () => undefined,
  };
}

/** Keys come from outside: `constructor` is not a tag. */
function own<T>(values: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
