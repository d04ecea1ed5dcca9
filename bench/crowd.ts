/**
 * Crowds: a thousand readers of cold pictures beside a thousand of hot ones, two hundred cold
 * pictures at once, a thousand duplicates of one Idempotency-Key. What reaches the database and the
 * store is counted by proxies in front of them. `npm run bench` or `tsx bench/crowd.ts [rounds]
 * [cold pictures]`.
 */
import { writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { chartArtifact, makeBars } from '../test/support/bars.ts';
import { buildWorker, CHARTPROOF } from '../test/support/build-worker.ts';
import { startSqlProxy } from '../test/support/sql-proxy.ts';
import { SERVICE_TOKEN, startStack } from '../test/support/stack.ts';
import { startStoreProxy } from '../test/support/store-proxy.ts';
import { childrenOf, memoryMb } from './process-cost.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const CROWD = 1_000;
const SHARED_BARS = 200;
const RATIO_TARGET = 1.5;
const COLD = Number(process.argv[3] ?? 200);
const COLD_BARS = 5_000;
const CHEAP_TARGET_MS = 1_000;
const PROBE_EVERY_MS = 100;
const WRITER = { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': 'application/json' };

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: number;
  readonly replayed: boolean;
  readonly bytes: Buffer;
  readonly ms: number;
}

let seed = 70_000 + (Date.now() % 100_000);
const store = await startStoreProxy();
const sql = await startSqlProxy();
await buildWorker(CHARTPROOF);
const stack = await startStack({ MINIO_ENDPOINT: store.url, DATABASE_HTTP_ENDPOINT: sql.url });
store.target = stack.s3.url;
sql.target = stack.database.httpEndpoint;
const origin = stack.worker.url;
const agent = new Agent({ keepAlive: true, maxSockets: CROWD });

try {
  await crowdOfReaders();
  await coldPictures();
  await duplicates();
} finally {
  agent.destroy();
  await stack.close();
  await store.close();
  await sql.close();
}
process.exit(process.exitCode ?? 0);

/**
 * 1,000 at once for four artifacts that share their bars: first nobody has the picture, then the
 * edge has it.
 */
async function crowdOfReaders(): Promise<void> {
  // The renderer is warm, and so are a thousand connections.
  await image(await post(makeBars(SHARED_BARS, (seed += 1))));
  const rows = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const bars = makeBars(SHARED_BARS, (seed += 1));
    const ids = [await post(bars), await post(bars), await post(bars), await post(bars)];
    const warm = await post(makeBars(SHARED_BARS, (seed += 1)));
    await image(warm);
    await timed(() => together(CROWD, () => image(warm)));
    forgetCounts();
    const cold = await timed(() => together(CROWD, (index) => image(ids[index % 4] ?? 0)));
    const counts = { rows: rowReads(), gets: calls('GET'), puts: calls('PUT') };
    await sleep(100);
    const hot = await timed(() => together(CROWD, (index) => image(ids[index % 4] ?? 0)));
    const pictures = new Set(
      [...cold.answers, ...hot.answers].map(({ bytes }) => bytes.toString('base64')),
    );
    rows.push({
      cold: cold.ms,
      hot: hot.ms,
      ratio: cold.ms / hot.ms,
      ...counts,
      pictures: pictures.size,
    });
    if ([...cold.answers, ...hot.answers].some(({ status }) => status !== 200))
      fail('not every answer was 200');
    if (pictures.size !== 1 || counts.puts !== 1 || counts.rows > 4 || counts.gets > 4)
      fail('more than once');
  }
  const ratio =
    rows.map((row) => row.ratio).toSorted((a, b) => a - b)[Math.floor(rows.length / 2)] ?? NaN;
  console.log(
    `${CROWD} readers at once of four cold artifacts with the same ${SHARED_BARS} bars, then of hot ones:`,
  );
  console.table(
    rows.map(({ cold, hot, ratio: one, rows: rowsRead, gets, puts, pictures }) => ({
      cold: cold.toFixed(0),
      hot: hot.toFixed(0),
      ratio: one.toFixed(2),
      'row reads': rowsRead,
      gets,
      puts,
      pictures,
    })),
  );
  verdict(`median ratio ${ratio.toFixed(2)}`, `<= ${RATIO_TARGET}`, ratio <= RATIO_TARGET);
}

/**
 * 200 cold pictures at once, each asked for again as `Retry-After` says, while cheap routes are
 * asked all the time.
 */
async function coldPictures(): Promise<void> {
  const hot = await post(makeBars(SHARED_BARS, (seed += 1)));
  await image(hot);
  const ids: number[] = [];
  for (let n = 0; n < COLD; n += 1) ids.push(await post(makeBars(COLD_BARS, (seed += 1))));
  forgetCounts();
  const memoryBefore = workerMemoryMb(true);
  const codes = new Map<string, number>();
  const longest = new Map<string, number>();
  const probing = new AbortController();
  const probe = async (name: string, path: string) => {
    while (!probing.signal.aborted) {
      const { ms, status } = await ask(path);
      if (status !== 200) fail(`${name}: ${status}`);
      longest.set(name, Math.max(longest.get(name) ?? 0, ms));
      await sleep(PROBE_EVERY_MS);
    }
  };
  const probes = [
    probe('healthz', '/healthz'),
    probe('list', '/api/artifacts?limit=20'),
    probe('hot picture', `/api/artifacts/${hot}/image`),
  ];
  let tries = 0;
  const untilDrawn = async (id: number): Promise<void> => {
    for (;;) {
      tries += 1;
      const { status, code, retryAfter } = await image(id);
      const name = `${status} ${code}`.trim();
      codes.set(name, (codes.get(name) ?? 0) + 1);
      if (status === 200) return;
      await sleep(Math.max(1, retryAfter) * 1_000);
    }
  };
  const { ms } = await timed(async () => {
    await Promise.all(ids.map(untilDrawn));
    return [];
  });
  probing.abort();
  await Promise.all(probes);
  console.log(
    `${COLD} cold pictures of ${COLD_BARS} bars at once, every client asks again as it is told:`,
  );
  console.table([
    {
      'all drawn after s': (ms / 1_000).toFixed(0),
      tries,
      puts: calls('PUT'),
      answers: [...codes].map(([code, n]) => `${n} x ${code}`).join(', '),
      'memory MB before': memoryBefore.toFixed(0),
      'at most': workerMemoryMb().toFixed(0),
    },
  ]);
  for (const [name, most] of longest)
    verdict(
      `slowest ${name} ${most.toFixed(0)} ms`,
      `< ${CHEAP_TARGET_MS}`,
      most < CHEAP_TARGET_MS,
    );
}

async function duplicates(): Promise<void> {
  const body = JSON.stringify(
    chartArtifact(makeBars(SHARED_BARS, (seed += 1)), { name: `twin ${seed}` }),
  );
  const headers = { ...WRITER, 'idempotency-key': `bench-${seed}` };
  forgetCounts();
  const { answers, ms } = await timed(() =>
    together(CROWD, () => ask('/api/artifacts', { method: 'POST', headers, body })),
  );
  const created = answers.filter(({ status, replayed }) => status === 201 && !replayed).length;
  const [row] = await stack.query<{ n: number }>(
    'select count(*)::int as n from artifacts where name = $1',
    [`twin ${seed}`],
  );
  const others = answers.filter(({ status }) => status !== 201 && status !== 409).length;
  console.log(`${CROWD} duplicates of one Idempotency-Key at once:`);
  console.table([
    {
      ms: ms.toFixed(0),
      created,
      replayed: answers.filter(({ replayed }) => replayed).length,
      409: answers.filter(({ status }) => status === 409).length,
      others,
      rows: row?.n,
      statements: sql.statements.length,
    },
  ]);
  verdict(
    `${created} created, ${row?.n} rows`,
    '1, 1',
    created === 1 && row?.n === 1 && others === 0,
  );
}

async function post(bars: unknown): Promise<number> {
  const body = JSON.stringify(chartArtifact(bars));
  const { status, bytes } = await ask('/api/artifacts', { method: 'POST', headers: WRITER, body });
  if (status !== 201) throw new Error(`POST: ${status}`);
  return (JSON.parse(bytes.toString()) as { id: number }).id;
}

function image(id: number): Promise<Answer> {
  return ask(`/api/artifacts/${id}/image`);
}

function ask(
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = init;
    const asked = httpRequest(new URL(path, origin), { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const isProblem = response.headers['content-type'] === 'application/problem+json';
        resolve({
          status: response.statusCode ?? 0,
          code: isProblem ? (JSON.parse(bytes.toString()) as { code: string }).code : '',
          retryAfter: Number(response.headers['retry-after'] ?? 0),
          replayed: response.headers['idempotent-replayed'] === 'true',
          bytes,
          ms: performance.now() - startedAt,
        });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

function together<T>(n: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: n }, (_, index) => work(index)));
}

async function timed<T>(work: () => Promise<T[]>): Promise<{ ms: number; answers: T[] }> {
  const startedAt = performance.now();
  const answers = await work();
  return { ms: performance.now() - startedAt, answers };
}

function forgetCounts(): void {
  store.calls.length = 0;
  sql.statements.length = 0;
}

function calls(method: string): number {
  return store.calls.filter((call) => call.method === method).length;
}

function rowReads(): number {
  return sql.statements.filter((text) => /^select .*'market_data_snapshot'/s.test(text)).length;
}

/**
 * The most that workerd, the largest process below this one, held since it was last reset (Linux).
 */
function workerMemoryMb(reset = false): number {
  const pids = [process.pid];
  for (const pid of pids) pids.push(...childrenOf(pid));
  const most = Math.max(...pids.slice(1).map((pid) => memoryMb(pid)[reset ? 'now' : 'most']));
  if (reset) for (const pid of pids.slice(1)) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return most;
}

function verdict(what: string, target: string, isMet: boolean): void {
  console.log(`${what}, target ${target}: ${isMet ? 'met' : 'MISSED'}`);
}

function fail(what: string): void {
  console.log(`FAILED: ${what}`);
  process.exitCode = 1;
}
