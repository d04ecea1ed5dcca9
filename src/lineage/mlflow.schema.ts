import { z } from '@hono/zod-openapi';

/** The parts of MLflow's answers that are read (REST API 2.0, tried on 3.17); everything else is ignored. */
const keyValues = z.array(z.object({ key: z.string(), value: z.string() })).default([]);

export const runSchema = z.object({
  info: z.object({
    run_id: z.string().min(1),
    experiment_id: z.coerce.string().min(1),
    status: z.string().default('RUNNING'),
    /** Milliseconds since 1970; a run made without one has none or 0. */
    start_time: z.coerce.number().default(0),
    lifecycle_stage: z.string().default('active'),
  }),
  data: z.object({ tags: keyValues, params: keyValues }).default({ tags: [], params: [] }),
});

/** No match is `{}`, without a `runs` key. */
export const runsSearchSchema = z.object({
  runs: z.array(runSchema).default([]),
  next_page_token: z.string().optional(),
});

export const runGetSchema = z.object({ run: runSchema });

const experimentSchema = z.object({
  experiment_id: z.coerce.string().min(1),
  lifecycle_stage: z.string().default('active'),
});

export const experimentsSearchSchema = z.object({
  experiments: z.array(experimentSchema).default([]),
  next_page_token: z.string().optional(),
});

export const experimentGetSchema = z.object({ experiment: experimentSchema });

/** MLflow's error body. */
export const mlflowErrorSchema = z.object({ error_code: z.string() });

/** One run, with what says which execution it belongs to. */
export interface MlflowRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly status: string;
  readonly startTimeMs: number;
  readonly isActive: boolean;
  readonly tags: ReadonlyMap<string, string>;
  readonly params: ReadonlyMap<string, string>;
}

export function toMlflowRun({ info, data }: z.output<typeof runSchema>): MlflowRun {
  return {
    runId: info.run_id,
    experimentId: info.experiment_id,
    status: info.status,
    startTimeMs: info.start_time,
    isActive: info.lifecycle_stage === 'active',
    tags: new Map(data.tags.map(({ key, value }) => [key, value])),
    params: new Map(data.params.map(({ key, value }) => [key, value])),
  };
}
