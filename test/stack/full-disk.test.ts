import { mkdtemp, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PgliteBackend } from '../../stand-in/sql/pglite-backend.ts';
import { Acknowledged } from './acknowledged.ts';
import { freePorts, LocalStack, until } from './local-stack.ts';
import { mountTmpfs, type Mounted } from './mount-tmpfs.ts';

const PIECE = Buffer.alloc(1_000_000, 1);
/** More than the database's files have room for without growing. */
const LONG_TEXT = Array.from(
  { length: 20_000 },
  (_, i) => (i * 2_654_435_761) % 4_294_967_296,
).join(' ');

let parent: string;
let disk: Mounted;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'chartproof-disk-'));
  disk = await mountTmpfs(join(parent, 'disk'), 224);
});
afterAll(async () => {
  await disk.unmount();
  await rm(parent, { recursive: true, force: true });
});

/** Takes all room but `leaves` bytes. */
async function fill(leaves: number): Promise<void> {
  const { bavail, bsize } = await statfs(disk.path);
  const size = Math.max(0, bavail * bsize - leaves);
  const filler = join(disk.path, 'filler');
  for (let written = 0; written < size; written += PIECE.byteLength) {
    const piece = PIECE.subarray(0, Math.min(PIECE.byteLength, size - written));
    try {
      await writeFile(filler, piece, { flag: 'a' });
    } catch {
      // Others write at the same time: it is full.
      return;
    }
  }
}

async function makeRoom(): Promise<void> {
  await truncate(join(disk.path, 'filler'), 0);
}

describe('a full disk', () => {
  it('is told in one line by a start that has no room to make its database', async () => {
    const small = await mountTmpfs(join(parent, 'small'), 24);
    try {
      const ports = await freePorts();
      const state = join(small.path, 'state');
      const { code, lines } = await LocalStack.start({ directory: state, ports }).ended();
      expect([code, lines]).toEqual([
        1,
        [expect.stringMatching(/^The disk of .* is full: make room/)],
      ]);
    } finally {
      await small.unmount();
    }
  });

  it('makes the embedded database panic, and it goes on when there is room', async () => {
    const backend = await PgliteBackend.open(join(disk.path, 'panic'));
    const query = (text: string) => backend.query({ query: text, params: [] });
    await query('create table kept (n int)');
    await query('insert into kept values (1)');
    await fill(4_000_000);
    // Each switch takes 16 MB for the next piece of the log.
    const severities = new Set<string>();
    for (let i = 0; i < 4; i += 1) {
      await query('select pg_switch_wal()').catch(() => {});
      await query('insert into kept values (0)').catch((error: { code?: string }) =>
        severities.add(error.code ?? ''),
      );
    }
    expect([...severities]).toEqual(['53100']);
    await makeRoom();
    await query('insert into kept values (2)');
    await backend.close();
    const again = await PgliteBackend.open(join(disk.path, 'panic'));
    const { rows } = await again.query({
      query: 'select n from kept where n > 0 order by n',
      params: [],
    });
    expect(rows).toEqual([['1'], ['2']]);
    await again.close();
    await rm(join(disk.path, 'panic'), { recursive: true });
  });

  it('is told to who writes, loses nothing, and is forgotten when there is room', async () => {
    const ports = await freePorts();
    const state = join(disk.path, 'state');
    let stack = await LocalStack.start({ directory: state, ports }).ready();
    const confirmed = new Acknowledged();
    await confirmed.put(stack);
    expect((await confirmed.post(stack)).status).toBe(201);

    await fill(0);
    const refused = await confirmed.post(stack, LONG_TEXT);
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'database_unavailable' }),
    ]);
    await expect(confirmed.put(stack)).rejects.toThrow(/object store/i);
    expect(await confirmed.lost(stack)).toEqual([]);

    // Killed while it is full, and started again.
    stack.killStart();
    await stack.portsAreFree();
    const { code, lines } = await LocalStack.start({ directory: state, ports }).ended();
    expect([code, lines]).toEqual([
      1,
      [expect.stringMatching(/^The disk of .* is full: make room/)],
    ]);

    await makeRoom();
    stack = await LocalStack.start({ directory: state, ports }).ready();
    expect(await confirmed.lost(stack)).toEqual([]);
    await fill(0);
    expect((await confirmed.post(stack, LONG_TEXT)).status).toBe(503);
    await makeRoom();
    await until(
      async () => (await confirmed.post(stack, LONG_TEXT)).status === 201,
      () => stack.output,
    );
    await confirmed.put(stack);
    expect(await confirmed.lost(stack)).toEqual([]);
    await stack.stop();
  }, 120_000);
});
