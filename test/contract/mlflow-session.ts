import type { OpenMlflow } from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';

export interface Run {
  readonly info: Record<string, unknown> & { run_id: string };
  readonly data: {
    readonly tags?: { key: string; value: string }[];
    readonly params?: { key: string; value: string }[];
    readonly metrics?: { key: string; value: number }[];
  };
}
export interface Found {
  readonly runs?: Run[];
  readonly next_page_token?: string;
}

/** A tracking server and an experiment of the suite's own, once `open` is over. */
export function mlflowSession() {
  let mlflow: OpenMlflow;
  let experimentId: string;
  const mark = `${Date.now().toString(36)}${Math.floor(Math.random() * 1_000)}`;
  let groups = 0;

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const response = await fetch(`${mlflow.url}/api/2.0/mlflow/${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: (): unknown => JSON.parse(text) };
  }
  async function post<T = Record<string, unknown>>(path: string, body: unknown): Promise<T> {
    const answer = await ask('POST', path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json() as T;
  }
  const createExperiment = async (title: string): Promise<string> =>
    (await post<{ experiment_id: string }>('experiments/create', { name: title })).experiment_id;

  return {
    ask,
    post,
    createExperiment,
    /** In every name that the suite gives, because real servers are shared. */
    mark,
    get url() {
      return mlflow.url;
    },
    get experimentId() {
      return experimentId;
    },
    async open(): Promise<void> {
      mlflow = await openMlflow();
      experimentId = await createExperiment(`contract ${mark}`);
    },
    close: () => mlflow.close(),
    async refusal(method: string, path: string, body?: unknown) {
      const { status, json } = await ask(method, path, body);
      return [status, (json() as { error_code: string }).error_code];
    },
    async createRun(
      tags: Record<string, string>,
      more: Record<string, unknown> = {},
    ): Promise<string> {
      const body = { experiment_id: experimentId, tags: pairs(tags), ...more };
      return (await post<{ run: Run }>('runs/create', body)).run.info.run_id;
    },
    search: (filter: string, more: Record<string, unknown> = {}) =>
      post<Found>('runs/search', {
        experiment_ids: [experimentId],
        filter,
        max_results: 100,
        ...more,
      }),
    /** A tag that only the runs of one test carry. */
    newGroup: () => `g${(groups += 1)}-${mark}`,
  };
}

export const pairs = (values: Record<string, string>) =>
  Object.entries(values).map(([key, value]) => ({ key, value }));
export const idsOf = ({ runs = [] }: Found) => runs.map(({ info }) => info.run_id);
