import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { Acknowledged, seedOf, WHOLE_SEED } from './acknowledged.ts';
import { freePorts, LocalStack, pause, until, type Ports } from './local-stack.ts';
import { killHard } from './processes.ts';

/**
 * `STRESS=1` kills more often; `STRESS_SEED` repeats the moments and victims of a run that failed.
 */
const KILLS = process.env['STRESS'] ? 12 : 3;
const SEED = Number(process.env['STRESS_SEED'] ?? Date.now() % 1_000_000);
/** A start takes about as long; one that is quicker is killed when it is ready. */
const START_MS = 6_000;
const WORK_MS = 1_200;
const SUITE_MS = KILLS * 60_000;

let directory: string;
let ports: Ports;
let last: LocalStack | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-kill-'));
  ports = await freePorts();
});
afterEach(() => last?.stop());
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('kill -9 of any process', () => {
  it(
    'while it starts and seeds: the next start works by itself and completes the seed, once',
    async () => {
      const random = generator(SEED);
      const told = tellOnFailure();
      const state = join(directory, 'early');
      for (let kill = 0; kill < KILLS; kill += 1) {
        const stack = (last = LocalStack.start({ directory: state, ports }));
        const ends = Date.now() + random() * START_MS;
        while (Date.now() < ends && !stack.isReady()) await pause(10);
        await killOne(stack, random, told);
      }
      const stack = (last = await LocalStack.start({ directory: state, ports }).ready());
      expect(stack.remarks.filter((line) => !/^(?:Seeded|Put back) /.test(line))).toEqual([]);
      expect(await seedOf(stack)).toEqual(WHOLE_SEED);
      const posted = new Acknowledged();
      expect((await posted.post(stack)).status).toBe(201);
      expect(Math.min(...posted.artifacts.keys())).toBeGreaterThan(27);
    },
    SUITE_MS,
  );

  it(
    'while it works: nothing that was confirmed is lost',
    async () => {
      const random = generator(SEED + 1);
      const told = tellOnFailure();
      const state = join(directory, 'working');
      const confirmed = new Acknowledged();
      for (let kill = 0; kill <= KILLS; kill += 1) {
        const stack = (last = await LocalStack.start({ directory: state, ports }).ready());
        // The first start says what it seeded; those after it have nothing to say.
        expect(stack.remarks).toEqual(
          kill === 0 ? [expect.stringMatching(/^Seeded 27 artifacts/)] : [],
        );
        expect(await confirmed.lost(stack)).toEqual([]);
        if (kill === KILLS) break;
        const end = new AbortController();
        const writing = confirmed.write(stack, end.signal);
        await pause(random() * WORK_MS);
        await killOne(stack, random, told);
        end.abort();
        await writing;
      }
      expect(confirmed.artifacts.size).toBeGreaterThan(0);
      expect(confirmed.objects.size).toBeGreaterThan(0);
      if (last !== undefined) expect(await seedOf(last)).toEqual(WHOLE_SEED);
    },
    SUITE_MS,
  );

  it.each([
    ['the workerd in front', /workerd serve .*entry=127\.0\.0\.1:[1-9]/, 1],
    ['the workerd behind it', /workerd serve .*entry=127\.0\.0\.1:0 /, 1],
    ['both', /workerd serve /, 2],
  ])(
    'of %s, and it is there again while the rest goes on',
    async (_name, command, count) => {
      const stack = (last = await LocalStack.start({
        directory: join(directory, 'working'),
        ports,
      }).ready());
      const confirmed = new Acknowledged();
      expect((await confirmed.post(stack)).status).toBe(201);
      const victims = stack.processes.filter((one) => command.test(one.command));
      expect(victims.map(({ id }) => killHard(id))).toEqual(
        Array.from({ length: count }, () => true),
      );
      await until(
        async () => (await answers(stack)) === 200,
        () => stack.output,
      );
      expect(await confirmed.lost(stack)).toEqual([]);
    },
    SUITE_MS,
  );

  it(
    'of npm, and the start ends by itself',
    async () => {
      const stack = (last = await LocalStack.start({
        directory: join(directory, 'working'),
        ports,
      }).ready());
      killHard(stack.processes[0]?.id ?? -1);
      // At once: the one that is ending is waited for.
      const next = (last = await LocalStack.start({
        directory: join(directory, 'working'),
        ports,
      }).ready());
      expect(next.isReady()).toBe(true);
    },
    SUITE_MS,
  );
});

/**
 * Kills one process of the tree; when the rest goes on, it is killed after it. Returns who was
 * killed.
 */
async function killOne(stack: LocalStack, random: () => number, told: string[]): Promise<void> {
  const tree = stack.processes;
  const victim = tree[Math.floor(random() * tree.length)];
  told.push(victim?.command.slice(0, 80) ?? 'nothing was left to kill');
  if (victim !== undefined) killHard(victim.id);
  await pause(random() * 500);
  stack.killStart();
  // Two kills may leave a workerd, which the next start ends.
  const isWatch = victim !== undefined && /start-workerd\.sh|^cat/.test(victim.command);
  if (!isWatch) await stack.portsAreFree();
}

async function answers(stack: LocalStack): Promise<number> {
  return fetch(`${stack.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ status }) => status,
    () => 0,
  );
}

function tellOnFailure(): string[] {
  const told: string[] = [];
  onTestFailed(() =>
    console.error(`STRESS_SEED=${SEED} repeats it. Killed:\n  ${told.join('\n  ')}`),
  );
  return told;
}

/** mulberry32: the same numbers in [0, 1) for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
