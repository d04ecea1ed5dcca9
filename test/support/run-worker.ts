import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { builtPaths, type WorkerBundle } from './build-worker.ts';

/** No suite gets there. */
const UNLIMITED = 1_000_000;
const MODULE_TYPES = { '.js': 'ESModule', '.wasm': 'CompiledWasm', '.ttf': 'Data' } as const;
const MAIN_MODULE = /\.js$/;

/** Requests a minute by the name of the binding; null: without this binding. */
export type Limits = Readonly<Record<string, number | null>>;

/** One line that the Worker logged. */
export interface WorkerLog {
  readonly level: string;
  readonly message: string;
}

/** A Worker in a workerd of its own. */
export interface RunningWorker {
  /** Another one after `restart`. */
  readonly url: URL;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Fires the cron's handler; `ok`, or how it ended. */
  scheduled(cron: string): Promise<string>;
  /** What was logged since the start, or since `clearLogs`. */
  getLogs(): readonly WorkerLog[];
  clearLogs(): void;
  /** Isolates, edge cache and Durable Objects are new. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Runs a bundle that `buildWorker` made; `vars` come before those of its configuration. Limits that
 * are not named are out of reach.
 */
export async function runWorker(
  bundle: WorkerBundle,
  { vars = {}, limits = {} }: { vars?: Readonly<Record<string, string>>; limits?: Limits } = {},
): Promise<RunningWorker> {
  // Miniflare would ask a host of Cloudflare where it is; tests ask nobody.
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  const logs: WorkerLog[] = [];
  const paths = builtPaths(bundle);
  const configured = JSON.parse(await readFile(paths.options, 'utf8')) as Configuration;
  const options = convertV4MiniflareOptions({
    ...configured,
    name: 'worker',
    modulesRoot: paths.modules,
    modules: await modulesOf(paths.modules),
    bindings: { ...configured.bindings, ...vars },
    ratelimits: limited(configured.ratelimits, limits),
    host: '127.0.0.1',
    port: 0,
    cf: false,
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: (line) => void logs.push(line),
  });
  let miniflare = new Miniflare(options);
  let url = await miniflare.ready;
  return {
    get url() {
      return url;
    },
    async fetch(path, init) {
      // Miniflare's own types of the same things.
      const answer = await miniflare.dispatchFetch(new URL(path, url).href, init as never);
      // A body that nobody reads would keep the Worker from stopping.
      const body = await answer.arrayBuffer();
      return new Response(body.byteLength === 0 ? null : body, {
        status: answer.status,
        headers: [...answer.headers],
      });
    },
    async scheduled(cron) {
      const worker = await miniflare.getWorker();
      return (await worker.scheduled({ cron })).outcome;
    },
    getLogs: () => logs,
    clearLogs: () => void logs.splice(0),
    async restart() {
      await miniflare.dispose();
      miniflare = new Miniflare(options);
      url = await miniflare.ready;
    },
    close: () => miniflare.dispose(),
  };
}

interface Configuration {
  readonly compatibilityDate: string;
  readonly bindings: Readonly<Record<string, string>>;
  readonly ratelimits: Readonly<Record<string, RateLimit>>;
}

interface RateLimit {
  readonly namespace_id: string;
  readonly simple: { readonly limit: number; readonly period: 10 | 60 };
}

/** The bundle itself first, then what it imports: compiled WebAssembly and fonts. */
async function modulesOf(directory: string) {
  const modules = (await readdir(directory)).flatMap((name) => {
    const type = MODULE_TYPES[extname(name) as keyof typeof MODULE_TYPES];
    return type === undefined ? [] : [{ type, path: join(directory, name) }];
  });
  return modules.toSorted(
    (a, b) => Number(MAIN_MODULE.test(b.path)) - Number(MAIN_MODULE.test(a.path)),
  );
}

function limited(
  configured: Readonly<Record<string, RateLimit>>,
  limits: Limits,
): Record<string, RateLimit> {
  const unknown = Object.keys(limits).filter((name) => configured[name] === undefined);
  if (unknown.length > 0) throw new Error(`wrangler.toml has no limit ${unknown.join(', ')}`);
  return Object.fromEntries(
    Object.entries(configured).flatMap(([name, one]) => {
      const limit = limits[name] === undefined ? UNLIMITED : limits[name];
      return limit === null ? [] : [[name, { ...one, simple: { ...one.simple, limit } }]];
    }),
  );
}
