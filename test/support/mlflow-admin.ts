/** Makes experiments and runs through MLflow's own REST API, as producers do. */
export interface MlflowAdmin {
  createExperiment(name: string): Promise<string>;
  deleteExperiment(id: string): Promise<void>;
  createRun(run: NewRun): Promise<string>;
  deleteRun(id: string): Promise<void>;
  finishRun(id: string, status: string): Promise<void>;
}

export interface NewRun {
  readonly experimentId: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  /** RUNNING unless given. */
  readonly status?: string;
  /** Milliseconds since 1970. */
  readonly startTime?: number;
}

export function createMlflowAdmin(url: string): MlflowAdmin {
  async function post<T>(path: string, body: object): Promise<T> {
    const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`MLflow ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }
  return {
    createExperiment: async (name) =>
      (await post<{ experiment_id: string }>('experiments/create', { name })).experiment_id,
    deleteExperiment: async (experiment_id) => {
      await post('experiments/delete', { experiment_id });
    },
    async createRun({ experimentId, tags = {}, params = {}, status, startTime }) {
      const created = await post<{ run: { info: { run_id: string } } }>('runs/create', {
        experiment_id: experimentId,
        ...(startTime === undefined ? {} : { start_time: startTime }),
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      });
      const { run_id } = created.run.info;
      if (Object.keys(params).length > 0) {
        const list = Object.entries(params).map(([key, value]) => ({ key, value }));
        await post('runs/log-batch', { run_id, params: list });
      }
      if (status !== undefined) await post('runs/update', { run_id, status });
      return run_id;
    },
    deleteRun: async (run_id) => {
      await post('runs/delete', { run_id });
    },
    finishRun: async (run_id, status) => {
      await post('runs/update', { run_id, status });
    },
  };
}
