import type { MlflowConfig } from '../config.ts';
import { BodyError, readCapped } from '../storage/read-capped.ts';
import { OutOfBudget, type Budget } from '../upstream/budget.ts';
import type { CircuitBreaker } from '../upstream/circuit-breaker.ts';
import { createSemaphore } from '../upstream/semaphore.ts';
import { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { mlflowErrorSchema } from './mlflow.schema.ts';
import { statusFailure } from './status-failure.ts';

export interface MlflowRequest<T> {
  /** Below `/api/2.0/mlflow/`. */
  readonly path: string;
  /** Null: GET. */
  readonly body: object | null;
  readonly answer: Parser<T>;
}

export type Parser<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
};

/** Single calls of MLflow's REST API. Both throw `UpstreamFailure`, or `OutOfBudget`. */
export interface MlflowTransport {
  /** One call of a budget, in turn. Null: MLflow says that what was asked for does not exist. */
  call<T>(request: MlflowRequest<T>, budget: Budget): Promise<T | null>;
  /**
   * One call that waits for no other and asks even while the breaker is open. `OutOfBudget` when
   * `signal` ends it: a short deadline proves nothing to those who have a longer one.
   */
  callAtOnce<T>(request: MlflowRequest<T>, signal: AbortSignal): Promise<T | null>;
}

/** A page of 1,000 runs is 1.7 MB, one of 10,000 experiments 2.1 MB. */
const ANSWER_MAX_BYTES = 16_000_000;
/**
 * Calls in flight from one isolate; a Worker has six connections for everything. Many readers at
 * once would wait for each other inside MLflow, and it would look slow to all of them.
 */
const CALLS_AT_ONCE = 4;
/** A call of a reader that went away may never come back, and is not waited for any longer. */
const CALL_LEASE_MS = 2_000;
const NOT_FOUND = 'RESOURCE_DOES_NOT_EXIST';

export function createMlflowTransport(
  config: Pick<MlflowConfig, 'authorization' | 'workspace'> & { readonly trackingUri: string },
  breaker: CircuitBreaker,
  now: () => number,
): MlflowTransport {
  const semaphore = createSemaphore({ places: CALLS_AT_ONCE, leaseMs: CALL_LEASE_MS });
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (config.authorization !== null) headers['authorization'] = config.authorization;
  if (config.workspace !== null) headers['x-mlflow-workspace'] = config.workspace;

  async function exchange<T>(
    { path, body, answer }: MlflowRequest<T>,
    { signal, slowMs }: Pick<Budget, 'signal' | 'slowMs'>,
  ): Promise<T | null> {
    const askedAt = now();
    try {
      const response = await fetch(`${config.trackingUri}/api/2.0/mlflow/${path}`, {
        method: body === null ? 'GET' : 'POST',
        headers,
        redirect: 'manual',
        signal,
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
      const text = new TextDecoder().decode(await readCapped(response, ANSWER_MAX_BYTES, signal));
      if (response.status === 200) return parsed(text, answer);
      const code = errorCode(text);
      if (response.status === 404 && code === NOT_FOUND) return null;
      throw statusFailure(response, text, code, now());
    } catch (error) {
      if (signal.aborted && now() - askedAt < slowMs) throw new OutOfBudget();
      throw asFailure(error, signal);
    }
  }

  return {
    async call(request, budget) {
      const isAsked = () => budget.ignoresOutage || breaker.outage() === null;
      const leave = await semaphore.enter(() => !budget.signal.aborted && isAsked());
      try {
        budget.take();
        return await breaker.run(() => exchange(request, budget), budget.ignoresOutage);
      } finally {
        leave?.();
      }
    },

    callAtOnce: (request, signal) =>
      breaker.run(() => exchange(request, { signal, slowMs: Infinity }), true),
  };
}

function parsed<T>(text: string, answer: Parser<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const isPage = text.trimStart().startsWith('<');
    if (!isPage) throw new UpstreamFailure('MLflow answered with something that is not JSON.');
    const between = 'is there a login page or a proxy in between?';
    throw new UpstreamFailure(`MLflow answered with a web page, not with JSON: ${between}`);
  }
  const result = answer.safeParse(value);
  if (!result.success) throw new UpstreamFailure('MLflow answered with JSON of another shape.');
  return result.data;
}

function errorCode(text: string): string | null {
  try {
    const result = mlflowErrorSchema.safeParse(JSON.parse(text));
    return result.success ? result.data.error_code : null;
  } catch {
    return null;
  }
}

function asFailure(error: unknown, signal: AbortSignal): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  if (error instanceof BodyError) {
    const what = error.reason === 'cut' ? error.message : `is ${error.message}`;
    return new UpstreamFailure(`MLflow's answer ${what}.`);
  }
  return new UpstreamFailure(
    signal.aborted ? 'MLflow did not answer in time.' : 'MLflow cannot be reached.',
  );
}
