import { expect } from 'vitest';
import { createMlflowAdmin, type MlflowAdmin, type NewRun } from './mlflow-admin.ts';
import { startMlflowProxy, type MlflowProxy } from './mlflow-proxy.ts';
import { startStack, type Stack } from './stack.ts';

/** A tracking server that a suite may fill. */
export interface OpenMlflow {
  readonly url: string;
  close(): Promise<void>;
}

/** An artifact as far as lineage goes. */
export interface LineageWire {
  readonly id: number;
  readonly run_id: string | null;
  readonly experiment_id: string | null;
  readonly lineage: {
    readonly status: string;
    readonly source: string | null;
    readonly reason: string | null;
    readonly checked_at: string | null;
  };
  readonly links: Readonly<Record<string, string | null>>;
}

/**
 * A stack whose MLflow is reached through a proxy that counts and breaks, and what the lineage
 * suites do with it.
 */
export interface LineageStack {
  readonly stack: Stack;
  readonly proxy: MlflowProxy;
  readonly admin: MlflowAdmin;
  /** Where `run` puts its runs. */
  readonly experimentId: string;
  /** Unlike any other suite's on the same server. */
  readonly tag: string;
  /** A workflow that no other test knows. */
  newWorkflow(): string;
  /** Stores an artifact and gives its id. */
  post(fields: Record<string, unknown>): Promise<number>;
  read(id: number): Promise<LineageWire>;
  /**
   * Once more when a busy machine let the look-up run out of time, which is not what most tests are
   * about.
   */
  readPatiently(id: number): Promise<LineageWire>;
  list(query: string): Promise<LineageWire[]>;
  /** A finished run that started now. */
  run(tags: Record<string, string>, more?: Partial<NewRun>): Promise<string>;
  /** What was looked for in vain may be looked for again. */
  forgetMisses(): Promise<unknown>;
  close(): Promise<void>;
}

let opened = 0;

export async function startLineageStack(
  mlflow: OpenMlflow,
  vars: Record<string, string> = {},
  prefix = '',
): Promise<LineageStack> {
  const proxy = await startMlflowProxy(mlflow.url, prefix);
  const admin = createMlflowAdmin(mlflow.url);
  const tag = `${Date.now().toString(36)}${(opened += 1)}`;
  const experimentId = await admin.createExperiment(`trading ${tag}`);
  const stack = await startStack({ MLFLOW_TRACKING_URI: `${proxy.url}/`, ...vars });
  let workflows = 0;
  const read = async (id: number) => {
    const response = await stack.fetch(`/api/artifacts/${id}`);
    expect(response.status).toBe(200);
    return (await response.json()) as LineageWire;
  };
  const forgetMisses = () =>
    stack.query("update lineage_lookup set next_check_at = now() - interval '1 second'");
  return {
    stack,
    proxy,
    admin,
    experimentId,
    tag,
    newWorkflow: () => `wf-${tag}-${(workflows += 1)}`,
    async post(fields) {
      const body = { name: 'An analysis', type: 'llm', ...fields };
      const response = await stack.send('POST', '/api/artifacts', body);
      expect(response.status).toBe(201);
      return ((await response.json()) as LineageWire).id;
    },
    read,
    async readPatiently(id) {
      const artifact = await read(id);
      if (artifact.lineage.reason?.includes('in time') !== true) return artifact;
      await stack.emptyEdge();
      await forgetMisses();
      return read(id);
    },
    async list(query) {
      const response = await stack.fetch(`/api/artifacts?${query}`);
      expect(response.status).toBe(200);
      return ((await response.json()) as { artifacts: LineageWire[] }).artifacts;
    },
    run: (tags, more = {}) =>
      admin.createRun({ experimentId, tags, status: 'FINISHED', startTime: Date.now(), ...more }),
    forgetMisses,
    async close() {
      await stack.close();
      await proxy.stop();
    },
  };
}
