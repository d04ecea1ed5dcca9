import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, LocalStack, type PortName, type Ports } from './local-stack.ts';
import { mountTmpfs } from './mount-tmpfs.ts';

let directory: string;
let ports: Ports;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-refusals-'));
  ports = await freePorts();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What a start says that does not come to be, and that it ends with 1 and holds no port. */
async function refusal(state: string, options: { arguments?: string[] } = {}): Promise<string[]> {
  const stack = LocalStack.start({ directory: state, ports, ...options });
  const { code, lines } = await stack.ended();
  expect(code).toBe(1);
  return lines;
}

async function stateOf(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const state = join(directory, name);
  await mkdir(state, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(state, file), text);
  return state;
}

describe('a start that cannot be', () => {
  it.each<PortName>(['PORT', 'S3_PORT', 'SQL_PORT', 'MLFLOW_PORT', 'TOKENS_PORT'])(
    'names %s when that port is taken, in one line',
    async (name) => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(ports[name], '127.0.0.1', resolve));
      const lines = await refusal(join(directory, 'ports'));
      await new Promise((resolve) => taken.close(resolve));
      expect(lines).toEqual([
        expect.stringMatching(
          new RegExp(`^Port ${ports[name]} is taken.* set ${name} to another port\\.$`),
        ),
      ]);
    },
  );

  it('says that the state is in use, and disturbs who uses it in nothing', async () => {
    const state = join(directory, 'ports');
    const first = await LocalStack.start({ directory: state, ports }).ready();
    const second = LocalStack.start({ directory: state, ports: await freePorts() });
    expect(await second.ended()).toEqual({
      code: 1,
      lines: [expect.stringMatching(/^Another npm start is using .*LOCAL_STATE_DIR/)],
    });
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    await first.stop();
  });

  it.each([
    ['older', '{"version":0}\n', /^The state in .* is of version 0, .*--fresh\.$/],
    ['newer', '{"version":99}\n', /^The state in .* is of version 99, .*--fresh\.$/],
    ['half-written', '{"vers', /^.* cannot be read, .*--fresh\.$/],
  ])('says that the state is %s, and leaves it alone', async (name, marker, line) => {
    const state = await stateOf(name, { 'chartproof-state.json': marker, kept: 'kept' });
    expect(await refusal(state)).toEqual([expect.stringMatching(line)]);
  });

  it('says that the directory cannot be written', async () => {
    const { path, undo } = await readOnlyDirectory();
    try {
      expect(await refusal(path)).toEqual([
        expect.stringMatching(/ cannot be written \(E\w+\): set LOCAL_/),
      ]);
    } finally {
      await undo();
    }
  });

  /** Modes hold back everybody but root, for whom the whole disk is read-only. */
  async function readOnlyDirectory(): Promise<{ path: string; undo: () => Promise<void> }> {
    const path = join(directory, 'read-only');
    const marker = join(path, 'chartproof-state.json');
    if (process.getuid?.() === 0) {
      const disk = await mountTmpfs(path, 8);
      await writeFile(marker, '{"version":1}\n');
      await disk.remount('ro');
      return { path, undo: () => disk.unmount() };
    }
    await mkdir(path);
    await writeFile(marker, '{"version":1}\n');
    await chmod(path, 0o555);
    return { path, undo: () => chmod(path, 0o755) };
  }
});
