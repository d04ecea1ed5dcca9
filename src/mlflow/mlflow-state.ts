import { createFlights, type Flights } from '../concurrency/share-flight.ts';
import { OutOfBudget } from '../upstream/budget.ts';
import { UpstreamFailure } from '../upstream/upstream-failure.ts';
import type { MlflowClient } from './mlflow-client.ts';

/** How MLflow is now; `checked_at` is ISO 8601. */
export interface MlflowState {
  readonly ok: boolean;
  readonly detail: string;
  readonly checked_at?: string;
}

export interface MlflowStateDependencies {
  /** Null where MLflow is not configured; `problem` says why. */
  readonly mlflow: Pick<MlflowClient, 'ping'> | null;
  readonly problem: string | null;
  /**
   * Lets work end after the answer to its request: a client that hangs up takes nothing from those
   * who wait.
   */
  readonly defer: (work: Promise<unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const MLFLOW_STATE_DEADLINE_MS = 1_000;
/** One answer is told to everybody in the isolate for so long. */
const SHARED_MS = 2_000;
const PING = 'ping';

/**
 * Asks MLflow when somebody wants to know, once for all who want to know at the time. Never throws.
 */
export function createMlflowState({ mlflow, problem, defer, now }: MlflowStateDependencies) {
  let last: { readonly state: MlflowState; readonly askedAt: number } | null = null;
  const pings: Flights<MlflowState, never> = createFlights({ defer });

  const remember = (detail: string | null): MlflowState => {
    const askedAt = now();
    const state = {
      ok: detail === null,
      detail: detail ?? 'answers',
      checked_at: new Date(askedAt).toISOString(),
    };
    last = { state, askedAt };
    return state;
  };

  const ask = async (client: Pick<MlflowClient, 'ping'>): Promise<MlflowState> =>
    remember(
      await client.ping(AbortSignal.timeout(MLFLOW_STATE_DEADLINE_MS)).then(
        () => null,
        (error: unknown) => {
          if (error instanceof OutOfBudget)
            return `MLflow did not answer within ${MLFLOW_STATE_DEADLINE_MS} ms.`;
          return error instanceof UpstreamFailure ? error.message : 'MLflow cannot be asked.';
        },
      ),
    );

  return {
    /** What somebody else found out just now; null: it answers. */
    remember,
    async read(): Promise<MlflowState> {
      if (mlflow === null) return { ok: false, detail: problem ?? 'MLflow is not configured.' };
      if (last !== null && now() - last.askedAt < SHARED_MS) return last.state;
      return pings.share(PING, {
        lead: async () => ({ value: await ask(mlflow) }),
        take: ({ settled }) => (settled?.ok === true ? settled.value : undefined),
      });
    },
  };
}
