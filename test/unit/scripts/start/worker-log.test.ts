import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OWN_REQUEST_ID, openWorkerLog } from '../../../../scripts/start/worker-log.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-log-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function open({ showRequests = false, path = join(directory, 'worker.log') } = {}) {
  const said: string[] = [];
  const complaints: string[] = [];
  const log = openWorkerLog({
    path,
    showRequests,
    say: (line) => void said.push(line),
    complain: (line) => void complaints.push(line),
  });
  const take = (level: string, message: unknown) =>
    log.take({
      timestamp: Date.UTC(2025, 10, 15, 12),
      level,
      message: typeof message === 'string' ? message : JSON.stringify(message),
    });
  return { said, complaints, take, close: log.close, path };
}

const request = {
  level: 'info',
  event: 'request.answered',
  request_id: 'r',
  method: 'GET',
  route: '/api/artifacts/:id/image',
  status: 200,
  ms: 34,
  source: 'edge',
};

it('keeps every line in the file and shows failures, and what somebody wrote to the console', async () => {
  const { said, complaints, take, close, path } = open();
  take('info', request);
  take('info', { ...request, request_id: OWN_REQUEST_ID, route: '/healthz' });
  take('error', { level: 'error', event: 'request.failed' });
  take('warn', { level: 'warn', event: 'image.read_failed' });
  take('log', 'debugging {"x"');
  take('error', 'Uncaught TypeError');
  await close();
  const lines = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject([
    { time: '2025-11-15T12:00:00.000Z', ...request },
    { event: 'request.failed' },
    { event: 'image.read_failed' },
    { event: 'console', message: 'debugging {"x"' },
    { event: 'console', message: 'Uncaught TypeError' },
  ]);
  expect(said).toEqual(['debugging {"x"']);
  expect(complaints).toEqual(['{"level":"error","event":"request.failed"}', 'Uncaught TypeError']);
});

it('shows requests in one form when it is asked to', async () => {
  const { said, take, close } = open({ showRequests: true });
  take('info', request);
  take('info', { ...request, source: undefined, status: 404, route: '*', code: 'not_found' });
  await close();
  expect(said.map((line) => line.slice(9))).toEqual([
    'GET     200    34 ms  /api/artifacts/:id/image  edge',
    'GET     404    34 ms  *  not_found',
  ]);
});

it('begins a new file when the old one is large', async () => {
  const { take, close, path } = open();
  await writeFile(path, 'x'.repeat(10_000_001));
  take('info', request);
  await close();
  expect((await stat(`${path}.1`)).size).toBe(10_000_001);
  expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(2);
});

it('goes on where nothing can be written', async () => {
  const { take, close, complaints } = open({ path: join(directory, 'missing', 'worker.log') });
  take('info', request);
  await close();
  expect(complaints).toEqual([]);
});
