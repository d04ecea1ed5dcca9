import { z } from '@hono/zod-openapi';

const ID_MAX_CHARACTERS = 255;

/** Text that a column of 255 characters takes; MLflow's older releases write ids as numbers. */
const id = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => text !== '' && text.length <= ID_MAX_CHARACTERS && !text.includes('\0'));

/**
 * The parts of MLflow's answers that are read (REST API 2.0, tried on 3.17); everything else is
 * ignored.
 */
const keyValues = z.array(z.object({ key: z.string(), value: z.string().default('') })).default([]);

export const runSchema = z.object({
  info: z.object({
    run_id: id,
    experiment_id: id,
    status: z.string().default('RUNNING'),
    /** Milliseconds since 1970; a run made without one has none or 0. */
    start_time: z.coerce.number().default(0),
    lifecycle_stage: z.string().default('active'),
  }),
  data: z.object({ tags: keyValues, params: keyValues }).default({ tags: [], params: [] }),
});

/**
 * No match is `{}`, without a `runs` key. One run that is unlike any other does not hide the
 * others.
 */
export const runsSearchSchema = z.object({
  runs: z
    .array(z.unknown())
    .default([])
    .transform((all, context) => {
      const runs = all.flatMap((one) => runSchema.safeParse(one).data ?? []);
      if (all.length === 0 || runs.length > 0) return runs;
      context.addIssue({ code: 'custom', message: 'none of them is a run' });
      return z.NEVER;
    }),
  next_page_token: z.string().nullish(),
});

export const runGetSchema = z.object({ run: runSchema });

const experimentSchema = z.object({ experiment_id: id, name: z.string().default('') });
export type Experiment = z.output<typeof experimentSchema>;

export const experimentsSearchSchema = z.object({
  experiments: z.array(experimentSchema).default([]),
  next_page_token: z.string().nullish(),
});

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
