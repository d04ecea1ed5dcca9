import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Acknowledged } from './acknowledged.ts';
import { freePorts, LocalStack, pause, until, type Ports } from './local-stack.ts';
import { isAlive, killHard } from './processes.ts';

const DEATHS = 5;
const SUITE_MS = 600_000;
const DEEP = `${'{"a":'.repeat(7_000)}1${'}'.repeat(7_000)}`;
const CONNECTION = 'postgresql://chartproof:chartproof@127.0.0.1/chartproof';

let directory: string;
let ports: Ports;
let last: LocalStack | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-survival-'));
  ports = await freePorts();
});
afterEach(() => last?.stop());
afterAll(() => rm(directory, { recursive: true, force: true }));

const start = async () =>
  (last = await LocalStack.start({ directory: join(directory, 'state'), ports }).ready());

describe('npm start', () => {
  it(
    `goes on after ${DEATHS} deaths of its workerd, one after the other`,
    async () => {
      const stack = await start();
      const confirmed = new Acknowledged();
      for (let death = 0; death < DEATHS; death += 1) {
        expect((await confirmed.post(stack)).status).toBe(201);
        const victims = stack.processes.filter(({ command }) => /workerd serve /.test(command));
        expect(victims.filter(({ id }) => killHard(id)).length).toBeGreaterThan(0);
        await until(
          async () => !victims.some(({ id }) => isAlive(id)),
          () => 'a workerd survives SIGKILL',
        );
        await isReady(stack);
      }
      expect(await confirmed.lost(stack)).toEqual([]);
    },
    SUITE_MS,
  );

  it(
    'goes on after the death of the process around workerd',
    async () => {
      const stack = await start();
      const before = stack.processes;
      const victims = before.filter(({ command }) => /worker-host\.ts/.test(command));
      expect(victims.map(({ id }) => killHard(id))).toEqual([true]);
      await until(
        async () => !victims.some(({ id }) => isAlive(id)),
        () => 'it survives SIGKILL',
      );
      await isReady(stack);
      const own = new Set(stack.processes.map(({ id }) => id));
      const left = before.filter(({ id, command }) => !own.has(id) && isAlive(id, command));
      expect(left.map(({ command }) => command)).toEqual([]);
    },
    SUITE_MS,
  );

  it(
    'goes on after rows that exhaust the stack of the embedded database',
    async () => {
      const stack = await start();
      const insert = `insert into artifacts (name, type, artifact_metadata) values ('deep', 'llm', $1)`;
      for (let time = 0; time < 2; time += 1) {
        const refused = await sql(insert, [DEEP]);
        expect([refused.status, await refused.json()]).toEqual([
          400,
          expect.objectContaining({ code: '54001' }),
        ]);
        expect((await fetch(`${stack.url}/api/artifacts/24`)).status).toBe(200);
      }
      expect((await new Acknowledged().post(stack)).status).toBe(201);
    },
    SUITE_MS,
  );

  it.each([
    ['SIGTERM to npm', (stack: LocalStack) => stack.signal('SIGTERM')],
    ['SIGTERM to all its processes', (stack: LocalStack) => stack.signalAll('SIGTERM')],
    ['SIGKILL to npm', (stack: LocalStack) => stack.signal('SIGKILL')],
  ])(
    'ends with %s while Node spins, and leaves no process behind',
    async (_name, send) => {
      const stack = await start();
      const confirmed = new Acknowledged();
      expect((await confirmed.post(stack)).status).toBe(201);
      // The embedded PostgreSQL runs on the main thread: this holds it for days.
      const held = sql('select count(*) from generate_series(1, 1000000000000)', []).catch(
        () => null,
      );
      await until(
        async () => !(await answersSql()),
        () => 'Node does not spin',
      );
      const all = stack.processes;
      send(stack);
      await until(
        async () => !all.some(({ id, command }) => isAlive(id, command)),
        () =>
          all
            .filter(({ id, command }) => isAlive(id, command))
            .map((one) => one.command)
            .join('\n'),
      );
      await stack.portsAreFree();
      await held;
      expect(await confirmed.lost(await start())).toEqual([]);
    },
    SUITE_MS,
  );
});

function isReady(stack: LocalStack): Promise<void> {
  return until(
    () =>
      fetch(`${stack.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
        ({ status }) => status === 200,
        () => pause(100).then(() => false),
      ),
    () => stack.output,
  );
}

function sql(query: string, params: readonly unknown[], signal?: AbortSignal): Promise<Response> {
  return fetch(`http://127.0.0.1:${ports.SQL_PORT}/sql`, {
    method: 'POST',
    headers: { 'neon-connection-string': CONNECTION, 'content-type': 'application/json' },
    body: JSON.stringify({ query, params }),
    signal: signal ?? null,
  });
}

function answersSql(): Promise<boolean> {
  return sql('select 1', [], AbortSignal.timeout(1_000)).then(
    () => true,
    () => false,
  );
}
