import { PlainError } from '../../stand-in/plain-error.ts';
import {
  AIRFLOW_EXECUTION,
  PARAM_EXECUTION,
  TSLA_EXECUTION,
  WORKFLOW_ID,
} from './seed-executions.ts';

/** A tracking server that may be filled. */
export interface RunTarget {
  /** Base of the REST API. */
  readonly trackingUri: string;
  /** Value of the Authorization header. */
  readonly authorization?: string | null;
}

interface SeedRun {
  /** The same for ever: by it the seed knows its own runs. */
  readonly mark: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly startedAt: string;
}

const EXPERIMENT = 'Trading signals';
const DENIED_EXPERIMENT = 'Private research';
const RUN_MS = 84_000;

/** One run for each way in which producers tag them. */
const RUNS: readonly SeedRun[] = [
  {
    mark: 'tsla',
    tags: {
      workflow_id: WORKFLOW_ID,
      execution_id: TSLA_EXECUTION,
      airflow_dag_id: WORKFLOW_ID,
      airflow_run_id: `manual__${TSLA_EXECUTION.replace(' ', 'T')}`,
    },
    params: { symbol: 'TSLA', timeframe: 'daily', model: 'example-model' },
    metrics: { confidence: 0.72, bars: 252 },
    startedAt: TSLA_EXECUTION,
  },
  {
    mark: 'airflow',
    tags: { airflow_dag_id: 'nightly_rebalance', airflow_run_id: AIRFLOW_EXECUTION },
    params: { symbol: 'AAPL' },
    metrics: { orders: 3 },
    startedAt: AIRFLOW_EXECUTION.replace('scheduled__', ''),
  },
  {
    mark: 'param',
    tags: { 'mlflow.note.content': 'Tagged by nobody; only a parameter says when it was.' },
    params: { execution_date: PARAM_EXECUTION, symbol: 'GOOG' },
    metrics: { confidence: 0.41 },
    startedAt: PARAM_EXECUTION,
  },
];

/**
 * Adds what is missing of the seed's runs, through MLflow's REST API, so that any MLflow can be
 * filled. Can run twice; a run that a killed seed left half made is completed. Throws `PlainError`.
 */
export async function seedRuns(target: RunTarget): Promise<{ added: number }> {
  const experimentId = await openExperiment(target);
  let added = 0;
  for (const run of RUNS) {
    const { runs = [] } = await ask<{ runs?: FoundRun[] }>(target, 'runs/search', {
      experiment_ids: [experimentId],
      filter: `tags.\`chartproof.seed\` = '${run.mark}'`,
      max_results: 1,
    });
    const found = runs[0]?.info;
    if (found?.status === 'FINISHED') continue;
    await completeRun(target, found?.run_id ?? (await createRun(target, experimentId, run)), run);
    added += 1;
  }
  return { added };
}

interface FoundRun {
  readonly info: { readonly run_id: string; readonly status: string };
}

/** A run that this account may not read: MLflow answers 403 to whoever asks for it. */
export async function addDeniedRun(target: RunTarget): Promise<string> {
  const experimentId = await createExperiment(
    target,
    `${DENIED_EXPERIMENT} ${new Date().toISOString()}`,
    [{ key: 'chartproof.denied', value: 'true' }],
  );
  const run = { mark: 'denied', tags: {}, params: {}, metrics: {}, startedAt: TSLA_EXECUTION };
  const runId = await createRun(target, experimentId, run);
  await completeRun(target, runId, run);
  return runId;
}

/**
 * The MLflow that these variables name, or null. Throws `PlainError` for an address that is none.
 */
export function runTarget(env: Readonly<Record<string, string | undefined>>): RunTarget | null {
  const uri = (env['MLFLOW_TRACKING_URI'] ?? '').trim().replace(/\/+$/, '');
  if (uri === '') return null;
  if (!/^https?:/.test(uri) || !URL.canParse(uri))
    throw new PlainError('MLFLOW_TRACKING_URI must look like http://127.0.0.1:5500.');
  const [user, password, token] = [
    env['MLFLOW_USERNAME'],
    env['MLFLOW_PASSWORD'],
    env['MLFLOW_TOKEN'],
  ];
  if (user && password) {
    const credentials = Buffer.from(`${user}:${password}`).toString('base64');
    return { trackingUri: uri, authorization: `Basic ${credentials}` };
  }
  return { trackingUri: uri, authorization: token ? `Bearer ${token}` : null };
}

async function openExperiment(target: RunTarget): Promise<string> {
  const { experiments = [] } = await ask<{ experiments?: { experiment_id: string }[] }>(
    target,
    'experiments/search',
    { max_results: 1, filter: `name = '${EXPERIMENT}'` },
  );
  return experiments[0]?.experiment_id ?? createExperiment(target, EXPERIMENT, []);
}

async function createExperiment(
  target: RunTarget,
  name: string,
  tags: { key: string; value: string }[],
): Promise<string> {
  return (await ask<{ experiment_id: string }>(target, 'experiments/create', { name, tags }))
    .experiment_id;
}

async function createRun(target: RunTarget, experimentId: string, run: SeedRun): Promise<string> {
  const { run: created } = await ask<{ run: { info: { run_id: string } } }>(target, 'runs/create', {
    experiment_id: experimentId,
    start_time: startOf(run),
    run_name: `seed ${run.mark}`,
    tags: pairs({ ...run.tags, 'chartproof.seed': run.mark }),
  });
  return created.info.run_id;
}

/** What a run says besides its tags. Its status goes last: a run that is FINISHED is whole. */
async function completeRun(target: RunTarget, runId: string, run: SeedRun): Promise<void> {
  const timestamp = startOf(run);
  const metrics = Object.entries(run.metrics).map(([key, value]) => ({
    key,
    value,
    timestamp,
    step: 0,
  }));
  await ask(target, 'runs/log-batch', { run_id: runId, params: pairs(run.params), metrics });
  await ask(target, 'runs/update', {
    run_id: runId,
    status: 'FINISHED',
    end_time: timestamp + RUN_MS,
  });
}

function startOf({ startedAt }: SeedRun): number {
  return Date.parse(startedAt.replace(' ', 'T'));
}

function pairs(values: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

async function ask<T = object>(target: RunTarget, path: string, body: object): Promise<T> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (target.authorization) headers['authorization'] = target.authorization;
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${target.trackingUri}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    });
    status = response.status;
    text = await response.text();
    if (status === 200) return JSON.parse(text) as T;
  } catch {
    throw new PlainError(
      `MLflow at ${target.trackingUri} cannot be reached, or is none: its runs are not seeded.`,
    );
  }
  throw new PlainError(
    `MLflow at ${target.trackingUri} refused ${path} (${status}): ${text.slice(0, 200)}`,
  );
}
