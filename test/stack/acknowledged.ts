import { seedArtifacts } from '../../scripts/seed/seed-artifacts.ts';
import type { LocalStack } from './local-stack.ts';

const BUCKET = 'trading-charts';

/** What a stack has confirmed, to be found again after whatever happened to it. */
export class Acknowledged {
  readonly artifacts = new Map<number, string>();
  readonly objects = new Map<string, string>();
  #sent = 0;

  /**
   * Posts artifacts and stores objects until `signal`; a request that is not answered counts for
   * nothing.
   */
  async write(stack: LocalStack, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.post(stack).catch(() => {});
      await this.put(stack).catch(() => {});
    }
  }

  /** The status; a 201 is remembered. */
  async post(stack: LocalStack, response = 'short'): Promise<Response> {
    const name = `posted ${(this.#sent += 1)}`;
    const answer = await fetch(`${stack.url}/api/artifacts`, {
      method: 'POST',
      headers: { authorization: 'Bearer local-service-token', 'content-type': 'application/json' },
      body: JSON.stringify({ name, type: 'llm', prompt: 'p', response }),
      signal: AbortSignal.timeout(20_000),
    });
    if (answer.status === 201) {
      const { id } = (await answer.clone().json()) as { id: number };
      // An id is given once: a second artifact under it would have replaced the first, which is
      // looked for under both.
      this.artifacts.set(this.artifacts.has(id) ? -id : id, name);
    }
    return answer;
  }

  async put(stack: LocalStack, size = 2_000): Promise<void> {
    const key = `stress/${(this.#sent += 1)}.txt`;
    const text = `${key} `.repeat(size / 20);
    await stack.store.put({ bucket: BUCKET, key }, new TextEncoder().encode(text), {
      contentType: 'text/plain',
    });
    this.objects.set(key, text);
  }

  /** What was confirmed and is not there as it was. */
  async lost(stack: LocalStack): Promise<string[]> {
    const lost: string[] = [];
    for (const [id, name] of this.artifacts) {
      if ((await nameOf(stack, id)) !== name) lost.push(`artifact ${id}, ${name}`);
    }
    for (const [key, text] of this.objects) {
      const object = await stack.store.get({ bucket: BUCKET, key });
      if (new TextDecoder().decode(object?.bytes) !== text) lost.push(`object ${key}`);
    }
    return lost;
  }
}

/**
 * What is there of the seed: rows and objects that are missing, and the experiments and runs that
 * anybody may see.
 */
export async function seedOf(stack: LocalStack) {
  const missing: string[] = [];
  for (const { id, columns, object } of seedArtifacts()) {
    if ((await nameOf(stack, id)) !== columns.name) missing.push(`artifact ${id}`);
    if (object.kind === 'none' || object.kind === 'rendered') continue;
    if ((await stack.store.head({ bucket: BUCKET, key: object.key })) === null)
      missing.push(object.key);
  }
  return { missing, ...(await runsOf(stack)) };
}

/**
 * Of a seed that is whole: nothing is missing, and each run is there once, with all that belongs to
 * it.
 */
export const WHOLE_SEED = {
  missing: [],
  experiments: ['Default', 'Trading signals'],
  runs: [
    ['seed airflow', 'FINISHED', ['symbol'], ['orders']],
    ['seed param', 'FINISHED', ['execution_date', 'symbol'], ['confidence']],
    ['seed tsla', 'FINISHED', ['model', 'symbol', 'timeframe'], ['bars', 'confidence']],
  ],
};

async function nameOf(stack: LocalStack, id: number): Promise<string | undefined> {
  const answer = await fetch(`${stack.url}/api/artifacts/${id}`);
  return ((await answer.json()) as { name?: string }).name;
}

async function runsOf(stack: LocalStack): Promise<{ experiments: string[]; runs: unknown[] }> {
  const ask = async <T>(path: string, body: object): Promise<T> => {
    const answer = await fetch(`${stack.mlflowUrl}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as T;
  };
  type Pair = { key: string; value: string | number };
  interface Run {
    info: { run_name: string; status: string };
    data: { params?: Pair[]; metrics?: Pair[] };
  }
  const { experiments } = await ask<{ experiments: { experiment_id: string; name: string }[] }>(
    'experiments/search',
    { max_results: 100 },
  );
  const { runs } = await ask<{ runs: Run[] }>('runs/search', {
    experiment_ids: experiments.map(({ experiment_id }) => experiment_id),
  });
  const keys = (pairs: Pair[] = []) => pairs.map(({ key }) => key).toSorted();
  return {
    experiments: experiments.map(({ name }) => name).toSorted(),
    runs: runs
      .map(({ info, data }) => [info.run_name, info.status, keys(data.params), keys(data.metrics)])
      .toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
  };
}
