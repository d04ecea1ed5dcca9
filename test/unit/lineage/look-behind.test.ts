import { describe, expect, it } from 'vitest';
import {
  createLookBehind,
  LEFTOVERS_AT_ONCE,
  LEFTOVERS_MAX,
  PAUSE_MS,
  REST_MS,
} from '../../../src/lineage/look-behind.ts';
import type { ExecutionSubject } from '../../../src/lineage/subject.ts';
import type { MlflowClient } from '../../../src/mlflow/mlflow-client.ts';
import { createLog } from '../../../src/observability/log.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';
import { contextFor, execution } from './samples.ts';

/** A database that gives no rows, so that every subject is found linked by somebody else. */
function lookBehind(more: { outage?: UpstreamFailure; fails?: boolean } = {}) {
  const clock = { ms: 1_000_000 };
  /** Execution ids, look by look. */
  const looks: string[][] = [];
  const work: Promise<unknown>[] = [];
  const subjects = {
    contextsOf: async (executions: readonly ExecutionSubject[]) => {
      looks.push(executions.map(({ id }) => id.text));
      if (more.fails === true) throw new Error('no database');
      return new Map(executions.map((one) => [one, contextFor(one, { siblings: [] })]));
    },
  };
  const behind = createLookBehind({
    subjects: subjects as never,
    outcomes: {} as never,
    mlflow: { outage: () => more.outage ?? null } as MlflowClient,
    log: { ...createLog(), warn: () => {} },
    metrics: { count: () => {} } as never,
    defer: (deferred) => void work.push(deferred),
    now: () => clock.ms,
    wait: async (ms) => {
      clock.ms += ms;
    },
  });
  const settled = async () => {
    while (work.length > 0) await work.shift();
  };
  return { behind, clock, looks, settled, work };
}

const leftover = (i: number) => ({ subject: execution(`build ${i}`, 'w'), isCounted: false });
const range = (length: number) => Array.from({ length }, (_, i) => leftover(i));

describe('behind the answers', () => {
  it('one look is made for a thousand readers of one page', async () => {
    const { behind, looks, settled, work } = lookBehind();
    for (let reader = 0; reader < 1_000; reader += 1) behind.add(range(3));
    expect(work).toHaveLength(1);
    await settled();
    expect(looks).toEqual([['build 0', 'build 1', 'build 2']]);
  });

  it('readers come first, and whoever comes while it waits is looked up with the others', async () => {
    const { behind, clock, looks, settled } = lookBehind();
    behind.add([leftover(0)]);
    expect(looks).toEqual([]);
    behind.add([leftover(1)]);
    await settled();
    expect(clock.ms).toBe(1_000_000 + PAUSE_MS);
    expect(looks).toEqual([['build 0', 'build 1']]);
  });

  it.each([
    [0, 1],
    [REST_MS - PAUSE_MS - 1, 1],
    [REST_MS, 2],
  ])('%d ms after a look a subject has had %d', async (afterMs, count) => {
    const { behind, clock, looks, settled } = lookBehind();
    behind.add([leftover(0)]);
    await settled();
    clock.ms += afterMs;
    behind.add([leftover(0)]);
    await settled();
    expect(looks).toHaveLength(count);
  });

  it('few are looked up at once, a pause lies between, and what is too much is left', async () => {
    const { behind, clock, looks, settled } = lookBehind();
    behind.add(range(LEFTOVERS_MAX + 100));
    await settled();
    expect(new Set(looks.map(({ length }) => length))).toEqual(new Set([LEFTOVERS_AT_ONCE]));
    const rounds = looks.length;
    expect(clock.ms).toBe(1_000_000 + rounds * PAUSE_MS);
    // The platform gives 30 s; whoever reads next goes on with the rest.
    expect(clock.ms - 1_000_000).toBeLessThan(20_000);
    behind.add([leftover(LEFTOVERS_MAX + 200)]);
    await settled();
    expect(looks.flat()).toHaveLength(LEFTOVERS_MAX + 1);
  });

  it('nobody is asked while MLflow is left alone', async () => {
    const { behind, looks, settled } = lookBehind({ outage: new UpstreamFailure('down') });
    behind.add(range(2));
    await settled();
    expect(looks).toEqual([]);
  });

  it('goes on after a look that failed', async () => {
    const { behind, looks, settled } = lookBehind({ fails: true });
    behind.add(range(LEFTOVERS_AT_ONCE + 1));
    await settled();
    expect(looks.map(({ length }) => length)).toEqual([LEFTOVERS_AT_ONCE, 1]);
  });

  it('begins nothing when nothing is left', () => {
    const { behind, work } = lookBehind();
    behind.add([]);
    expect(work).toEqual([]);
  });
});
