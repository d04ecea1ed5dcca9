import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts';
import { ownEnvironment } from '../support/own-environment.ts';
import { killHard, processTree } from './processes.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY = /^Chartproof is ready: /m;
/** Lines about what takes long, which a slow machine shows and a quick one does not. */
const PROGRESS = /^(?:State is kept in .*|[A-Z][^.]* …)$/;
const PATIENCE_MS = 90_000;
const PORT_NAMES = ['PORT', 'S3_PORT', 'SQL_PORT', 'MLFLOW_PORT', 'TOKENS_PORT'] as const;

export type PortName = (typeof PORT_NAMES)[number];
export type Ports = Readonly<Record<PortName, number>>;

/** Five ports that were free a moment ago. */
export async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    PORT_NAMES.map(async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const numbers = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(PORT_NAMES.map((name, i) => [name, numbers[i]])) as Record<
    PortName,
    number
  >;
}

/**
 * `npm start` with a state and ports of its own, as people run it: npm, its shell, node, workerd,
 * esbuild.
 */
export class LocalStack {
  output = '';
  readonly #child: ChildProcess;
  readonly #ports: Ports;
  readonly #exit: Promise<number | null>;

  private constructor(child: ChildProcess, ports: Ports) {
    this.#child = child;
    this.#ports = ports;
    child.stdout?.on('data', (text) => (this.output += String(text)));
    child.stderr?.on('data', (text) => (this.output += String(text)));
    this.#exit = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  static start(options: {
    readonly directory: string;
    readonly ports: Ports;
    readonly arguments?: readonly string[];
    /** Of real services that are used instead. */
    readonly variables?: Readonly<Record<string, string>>;
  }): LocalStack {
    const { directory, ports } = options;
    const child = spawn('npm', ['start', '--silent', '--', ...(options.arguments ?? [])], {
      cwd: ROOT,
      env: ownEnvironment({
        ...Object.fromEntries(PORT_NAMES.map((name) => [name, String(ports[name])])),
        LOCAL_STATE_DIR: directory,
        ...options.variables,
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A session of its own, as a terminal gives one.
      detached: true,
    });
    return new LocalStack(child, ports);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.PORT}`;
  }

  get mlflowUrl(): string {
    return `http://127.0.0.1:${this.#ports.MLFLOW_PORT}`;
  }

  get store() {
    return createS3ObjectStore({
      endpoint: `http://127.0.0.1:${this.#ports.S3_PORT}`,
      region: 'us-east-1',
      accessKeyId: 'minioadmin',
      secretAccessKey: 'minioadmin',
      buckets: ['trading-charts'],
    });
  }

  get processes() {
    return processTree(this.#child.pid ?? -1);
  }

  /** What it said besides what it is at and what is ready: lines that want to be read. */
  get remarks(): string[] {
    const [before = ''] = this.output.split(/^$/m);
    return before.split('\n').filter((line) => line !== '' && !PROGRESS.test(line));
  }

  /** Rejects with the output when it ends instead. */
  async ready(): Promise<this> {
    const ended = this.#exit.then((code) => ({ code }));
    await until(
      async () => {
        if (READY.test(this.output)) return true;
        const end = await Promise.race([ended, pause(20)]);
        if (end !== undefined) throw new Error(`npm start ended with ${end.code}:\n${this.output}`);
        return false;
      },
      () => `npm start is not ready:\n${this.output}`,
    );
    return this;
  }

  isReady(): boolean {
    return READY.test(this.output);
  }

  /** Exit code of a start that ends by itself, and what it printed. */
  async ended(): Promise<{ code: number | null; lines: string[] }> {
    const code = await this.#exit;
    return {
      code,
      lines: this.output.split('\n').filter((line) => line !== '' && !PROGRESS.test(line)),
    };
  }

  /** As Ctrl-C does: the signal goes to every process of the session. */
  async stop(): Promise<void> {
    this.signalAll('SIGTERM');
    await this.#exit;
    await this.portsAreFree();
  }

  /** To npm alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  signalAll(signal: NodeJS.Signals): void {
    for (const { id } of this.processes.toReversed()) {
      try {
        process.kill(id, signal);
      } catch {
        // It ended with another.
      }
    }
  }

  /**
   * SIGKILL for the process that holds the database and the one above it; the others are left to
   * end by themselves.
   */
  killStart(): void {
    const scripts = /^\S*node\S* .*scripts\/(?:start|local\/run-stack)\.ts/;
    for (const { id } of this.processes.filter(({ command }) => scripts.test(command)))
      killHard(id);
  }

  async portsAreFree(): Promise<void> {
    await until(
      async () => (await Promise.all(Object.values(this.#ports).map(isFree))).every(Boolean),
      () => `a port is still held:\n${this.output}`,
    );
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Asks again and again; rejects only when nothing comes of it for very long. */
export async function until(holds: () => Promise<boolean>, complaint: () => string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(complaint());
    await pause(20);
  }
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
