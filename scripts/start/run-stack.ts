import { join } from 'node:path';
import { createDatabase } from '../../src/storage/database.ts';
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts';
import { diskFault } from '../../stand-in/disk-room.ts';
import { PlainError } from '../../stand-in/plain-error.ts';
import { describeError } from '../command/describe-error.ts';
import { applySeed } from '../seed/apply-seed.ts';
import { openRenderer } from '../seed/open-renderer.ts';
import { runTarget } from '../seed/seed-runs.ts';
import { endWithParent } from './end-with-parent.ts';
import { hostWorker, type HostedWorker } from './host-worker.ts';
import { HELP, readStartOptions, type StartOptions } from './start-options.ts';
import { watchParents } from './start-parents.ts';
import {
  databaseVariables,
  LOCAL_SERVICE_TOKEN,
  startDatabase,
  startMlflow,
  startStore,
  startTokens,
  type Part,
} from './start-services.ts';
import { prepareWorker } from './start-worker.ts';
import { takeStateDirectory } from './state-directory.ts';
import { OWN_REQUEST_ID } from './worker-log.ts';

/** Variables that the Worker takes over from the shell when they are set. */
const PASSED_ON = [
  'READ_ACCESS',
  'UNVERIFIED_OBJECTS',
  'CORS_ORIGINS',
  'JWT_COOKIE',
  'JWT_HEADER',
  'SERVICE_TOKENS',
  'AIRFLOW_UI_URL',
  'AIRFLOW_MAJOR_VERSION',
];
const READY_DEADLINE_MS = 60_000;
/** A Worker that answers and goes on saying that something is wrong will not change its mind. */
const REFUSED_MS = 10_000;
/**
 * A request that meets the Worker in the middle of a reload may never be answered; longer than
 * /readyz itself waits.
 */
const READY_ATTEMPT_MS = 4_000;
const CLOSE_DEADLINE_MS = 5_000;
/** When this process is too busy to notice that nobody is left who could end it. */
const HARD_END_MS = 6_000;
const MINUTE_MS = 60_000;

const closers: (() => Promise<void>)[] = [];
let isStopping = false;

process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));
process.on('uncaughtException', (error) => void fail(error));
process.on('unhandledRejection', (error) => void fail(error));
process.on('SIGHUP', () => void stop(0));
// scripts/start.ts asks for the end, and is told that it was heard; or it was killed itself.
process.on('message', () => {
  process.send?.('ending');
  void stop(0);
});
process.on('disconnect', () => void stop(0));
// --help has nothing to wait for.
process.channel?.unref();

/** scripts/start.ts, the shell of npm, npm. */
const parents = watchParents(() => void stop(0), 3);
endWithParent(HARD_END_MS);
main().catch(fail);

async function main(): Promise<void> {
  const options = readStartOptions(process.argv.slice(2), process.env);
  if (options.help) {
    console.log(HELP);
    return;
  }
  const state = await step('Waiting for another npm start to end', () =>
    takeStateDirectory(options.stateDirectory, {
      fresh: options.fresh,
      isEnding: () => isStopping || parents.areGone(),
    }),
  );
  closers.push(state.release);
  if (state.isNew) console.log(`State is kept in ${state.path}`);

  const at = { port: options.ports.worker, stateDirectory: `${state.path}/worker` };
  await step('Waiting for the port of the Worker', () => prepareWorker(at));
  const store = await step('Starting the object store', () =>
    startStore(options, process.env, state.path),
  );
  const mlflow = await step('Starting MLflow', () => startMlflow(options, process.env, state.path));
  const tokens = await step('Starting the token issuer', () =>
    startTokens(options, process.env, state.path),
  );
  const passedOn = Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  const variables = {
    DEPLOYMENT: 'local',
    SERVICE_TOKENS: LOCAL_SERVICE_TOKEN,
    ...databaseVariables(options, process.env),
    ...store.variables,
    ...mlflow.variables,
    ...tokens.variables,
    ...passedOn,
  };
  // The Worker is built and started by other processes while this one opens the database.
  const log = { path: join(state.path, 'worker.log'), showRequests: options.log };
  const starting = hostWorker({ ...at, variables, log, onLost: (error) => void fail(error) });
  closers.push(async () => (await starting).close());
  starting.catch(() => {});
  const database = await step(state.isNew ? 'Making the database' : 'Opening the database', () =>
    startDatabase(options, process.env, state.path),
  );
  await seed(options, { database, store, mlflow }).catch(async (error: unknown) => {
    // Each service says in its own words that it cannot write.
    const fault = await diskFault(state.path, { needsRoom: true });
    throw fault === null ? error : new PlainError(fault);
  });
  const worker = await step('Starting the Worker', () => starting);
  worker.watch();
  const { mlflow: mlflowState } = await step('Waiting until it is ready', () => untilReady(worker));
  if (!mlflow.isEmbedded && mlflowState?.ok === false)
    console.log(`Lineage waits until MLflow works: ${mlflowState.detail}`);
  runCrons(worker);
  show(worker, { database, store, mlflow, tokens });
}

/** A line for whatever takes longer than a second, so that nobody wonders. */
async function step<T extends Part | unknown>(title: string, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => console.log(`${title} …`), 1_000);
  try {
    const result = await work();
    if (isPart(result)) closers.push(result.close);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && 'variables' in value && 'close' in value;
}

/** Embedded services are always seeded, real ones only when asked. */
async function seed(
  options: StartOptions,
  { database, store, mlflow }: { database: Part; store: Part; mlflow: Part },
): Promise<void> {
  if (!(database.isEmbedded && store.isEmbedded) && !options.seed) return;
  const v = { ...database.variables, ...store.variables };
  const [bucket = ''] = (v['MINIO_BUCKETS'] ?? '').split(',');
  const report = await step('Seeding', async () =>
    applySeed({
      database: createDatabase({
        databaseUrl: v['DATABASE_URL'] ?? '',
        httpEndpoint: v['DATABASE_HTTP_ENDPOINT'] ?? null,
      }),
      store: createS3ObjectStore({
        endpoint: v['MINIO_ENDPOINT'] ?? '',
        region: v['MINIO_REGION'] ?? '',
        accessKeyId: v['MINIO_ACCESS_KEY'] ?? '',
        secretAccessKey: v['MINIO_SECRET_KEY'] ?? '',
        buckets: [bucket],
      }),
      bucket,
      publicEndpoint: v['MINIO_PUBLIC_ENDPOINT'] ?? '',
      mlflow: mlflow.isEmbedded || options.seed ? runTarget(mlflow.variables) : null,
      renderer: openRenderer,
      say: () => {},
    }),
  );
  if (report.added + report.addedRuns > 0)
    console.log(
      `Seeded ${report.added} artifacts and ${report.addedRuns} MLflow runs (docs/seed.md names them).`,
    );
  if (report.restored.length > 0)
    console.log(`Put back what was gone from the store: ${report.restored.join(', ')}.`);
  if (report.skipped.length > 0)
    console.log(`Left alone, because other rows have these ids: ${report.skipped.join(', ')}.`);
}

/** As /readyz says it. */
type Dependencies = Readonly<
  Record<string, { ok: boolean; detail: string; reason?: string } | undefined>
>;

/**
 * Throws `PlainError` with what each service says. A database without our tables is told and used
 * as it is.
 */
async function untilReady({ url }: HostedWorker): Promise<Dependencies> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  let refusedSince: number | null = null;
  for (;;) {
    const response = await fetch(`${url}/readyz`, {
      headers: { 'x-request-id': OWN_REQUEST_ID },
      signal: AbortSignal.timeout(READY_ATTEMPT_MS),
    }).catch(() => null);
    const { dependencies, detail } = response === null ? NO_ANSWER : await readinessOf(response);
    if (response?.status === 200) return dependencies;
    const { database, store } = dependencies;
    if (response?.status === 503 && database?.reason === 'not_migrated' && store?.ok === true) {
      console.log(
        'The database has none of our tables, so pictures are drawn and not kept: npm start -- --migrate adds them.',
      );
      return dependencies;
    }
    const failed = [database, store].flatMap((one) =>
      one === undefined || one.ok ? [] : [wordsOf(one)],
    );
    const problems = failed.length > 0 ? failed : [detail];
    refusedSince = response?.status === 503 ? (refusedSince ?? Date.now()) : null;
    const isRefused = refusedSince !== null && Date.now() - refusedSince > REFUSED_MS;
    if (Date.now() > deadline || isRefused || response?.status === 500)
      throw new PlainError(`The Worker is not ready: ${problems.join(' ')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const NO_ANSWER: { dependencies: Dependencies; detail: string } = {
  dependencies: {},
  detail: 'it does not answer',
};

/** What /readyz says, or the detail of a problem document. */
async function readinessOf(
  response: Response,
): Promise<{ dependencies: Dependencies; detail: string }> {
  const text = await response.text();
  try {
    const { dependencies = {}, detail } = JSON.parse(text) as {
      dependencies?: Dependencies;
      detail?: string;
    };
    return { dependencies, detail: detail ?? text.slice(0, 1_000) };
  } catch {
    return { dependencies: {}, detail: text.slice(0, 1_000) };
  }
}

/** What npm start itself can do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
  no_bucket: 'npm start -- --seed creates and fills it.',
  other_shape: 'npm run migrate says which statements would help.',
};

function wordsOf({ detail, reason }: { detail: string; reason?: string }): string {
  const remedy = reason === undefined ? undefined : REMEDIES[reason];
  return remedy === undefined ? detail : `${detail} ${remedy}`;
}

/**
 * Crons do not fire by themselves locally: once now, then every N minutes as a cron "every N
 * minutes" says.
 */
function runCrons({ url, crons }: HostedWorker): void {
  for (const cron of crons) {
    const fire = () =>
      void fetch(`${url}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent(cron)}`).then(
        (response) => response.arrayBuffer(),
        () => {},
      );
    fire();
    const minutes = Number(/^\*\/(\d+) \* \* \* \*$/.exec(cron)?.[1] ?? '60');
    const timer = setInterval(fire, minutes * MINUTE_MS);
    closers.push(async () => clearInterval(timer));
  }
}

function show(
  { url }: HostedWorker,
  parts: { database: Part; store: Part; mlflow: Part; tokens: Part },
): void {
  const lines: [string, string][] = [
    ['TSLA, image lost', `${url}/api/artifacts/24/image`],
    ['AAPL, in the store', `${url}/api/artifacts/1/image`],
    ['5,000 bars', `${url}/api/artifacts/18/image`],
    ['All artifacts', `${url}/api/artifacts`],
    ['Is 24 proved?', `${url}/api/artifacts/24/verify`],
    ['Which run made it?', `${url}/api/artifacts/24`],
    ['By execution', `${url}/api/executions`],
    ['What is not linked', `${url}/api/lineage/status`],
    ['API', `${url}/openapi.json`],
    ['What works', `${url}/readyz`],
    ['Counts and gauges', `${url}/metrics, with the service token`],
    ['Object store', parts.store.shown],
    ['SQL', parts.database.shown],
    ['MLflow', parts.mlflow.shown],
    ['User tokens', `POST ${parts.tokens.shown} {"sub": "ada", "scope": "artifact:write"}`],
    ['Service token', process.env['SERVICE_TOKENS'] ? 'as in SERVICE_TOKENS' : LOCAL_SERVICE_TOKEN],
  ];
  console.log('');
  for (const [name, value] of lines) console.log(`  ${name.padEnd(20)}${value}`);
  console.log(`\nChartproof is ready: ${url}`);
}

async function fail(error: unknown): Promise<void> {
  if (!isStopping) console.error(describeError(error));
  await stop(1);
}

/**
 * Ends everything that was started, last first; what does not end in time is left to the end of the
 * process.
 */
async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  const all = (async () => {
    for (const close of closers.toReversed()) await close().catch(() => {});
  })();
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, CLOSE_DEADLINE_MS))]);
  process.exit(exitCode);
}
