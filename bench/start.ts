/**
 * How long a second `npm start` takes until it is ready: with the seed alone, and with 5,000
 * objects and 10,000 rows more, in turns. `npm run bench` or `tsx bench/start.ts [rounds]`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { createDatabase } from '../src/storage/database.ts';
import { freePorts, LocalStack } from '../test/stack/local-stack.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const OBJECTS = 5_000;
const ROWS = 10_000;
const OBJECT_BYTES = 32_000;
const TARGET_S = 10;
const HANDS = 8;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function secondsToReady(directory: string): Promise<number> {
  const started = performance.now();
  const stack = await LocalStack.start({ directory, ports: await freePorts() }).ready();
  const seconds = (performance.now() - started) / 1_000;
  await stack.stop();
  return seconds;
}

async function fill(directory: string): Promise<void> {
  const ports = await freePorts();
  const stack = await LocalStack.start({ directory, ports }).ready();
  try {
    let next = 0;
    const put = async () => {
      for (let i = next++; i < OBJECTS; i = next++) {
        const ref = { bucket: 'trading-charts', key: `bench/${i % 100}/${i}.png` };
        await stack.store.put(ref, new Uint8Array(randomBytes(OBJECT_BYTES)), {
          contentType: 'image/png',
        });
      }
    };
    await Promise.all(Array.from({ length: HANDS }, put));
    const database = createDatabase({
      databaseUrl: 'postgresql://chartproof:chartproof@127.0.0.1/chartproof',
      httpEndpoint: `http://127.0.0.1:${ports.SQL_PORT}/sql`,
    });
    await database.execute(sql`insert into artifacts (name, type, workflow_id, execution_id, artifact_metadata)
      select 'Row ' || i, 'chart', 'wf-' || i % 7, 'execution ' || i / 3,
        jsonb_build_object('market_data_snapshot', jsonb_build_object('bars',
          (select jsonb_agg(jsonb_build_object('date', d, 'close', random())) from generate_series(1, 100) d)))
      from generate_series(1, ${ROWS}::int) i`);
  } finally {
    await stack.stop();
  }
}

const root = await mkdtemp(join(tmpdir(), 'chartproof-bench-start-'));
try {
  const [small, large] = [join(root, 'small'), join(root, 'large')];
  await secondsToReady(small);
  console.log(`Filling ${OBJECTS} objects and ${ROWS} rows…`);
  await fill(large);
  const seconds = { small: [] as number[], large: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    seconds.small.push(await secondsToReady(small));
    seconds.large.push(await secondsToReady(large));
  }
  const isMet = median(seconds.large) <= TARGET_S;
  console.log(`Medians of ${ROUNDS} starts each, in turns:`);
  console.table([
    { state: 'the seed', s: median(seconds.small).toFixed(1), target: '' },
    {
      state: `${OBJECTS} objects, ${ROWS} rows more`,
      s: median(seconds.large).toFixed(1),
      target: `<= ${TARGET_S}: ${isMet ? 'met' : 'MISSED'}`,
    },
  ]);
  if (!isMet) process.exitCode = 1;
} finally {
  await rm(root, { recursive: true, force: true });
}
