import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeStateDirectory } from '../../../../scripts/start/state-directory.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-start-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('takeStateDirectory', () => {
  it('belongs to one at a time', async () => {
    const path = join(directory, 'one');
    const first = await takeStateDirectory(path, { fresh: false });
    expect(first.isNew).toBe(true);
    await expect(takeStateDirectory(path, { fresh: false })).rejects.toThrow(
      /Another npm start is using/,
    );
    await first.release();
    const second = await takeStateDirectory(path, { fresh: false });
    expect(second.isNew).toBe(false);
    await second.release();
  });

  it('is free again when its owner was killed', async () => {
    const path = join(directory, 'killed');
    const script = `import('${ROOT}scripts/start/state-directory.ts').then(({ takeStateDirectory }) =>
      takeStateDirectory(${JSON.stringify(path)}, { fresh: false })).then(() => { console.log('taken'); setInterval(() => {}, 1000); });`;
    const owner = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        cwd: ROOT,
      },
    );
    await new Promise((resolve) => owner.stdout.once('data', resolve));
    await expect(takeStateDirectory(path, { fresh: false })).rejects.toThrow(/Another npm start/);
    owner.kill('SIGKILL');
    await new Promise((resolve) => owner.once('exit', resolve));
    const state = await takeStateDirectory(path, { fresh: false });
    await state.release();
  });

  it('is waited for while its owner is about to end', async () => {
    const path = join(directory, 'ending');
    const first = await takeStateDirectory(path, { fresh: false, isEnding: () => true });
    const asked = takeStateDirectory(path, { fresh: false });
    const early = await Promise.race([
      asked.then(() => 'given'),
      new Promise((r) => setTimeout(r, 300)),
    ]);
    expect(early).toBeUndefined();
    await first.release();
    await (await asked).release();
  });

  it('is as new when a start was killed while it wrote the marker', async () => {
    const path = join(directory, 'half');
    await mkdir(path);
    await writeFile(join(path, 'chartproof-state.json'), '{"ver');
    const state = await takeStateDirectory(path, { fresh: false });
    expect(state.isNew).toBe(true);
    await state.release();
    expect(await readdir(path)).toEqual(['chartproof-state.json']);
    expect(await readFile(join(path, 'chartproof-state.json'), 'utf8')).toBe('{"version":1}\n');
  });

  it('is left alone when its marker is damaged, until --fresh empties it', async () => {
    const path = join(directory, 'damaged');
    await mkdir(path);
    await writeFile(join(path, 'chartproof-state.json'), '{"ver');
    await writeFile(join(path, 'kept'), 'kept');
    await expect(takeStateDirectory(path, { fresh: false })).rejects.toThrow(
      /cannot be read.*--fresh/,
    );
    expect(await readdir(path)).toEqual(['chartproof-state.json', 'kept']);
    await (await takeStateDirectory(path, { fresh: true })).release();
    expect(await readdir(path)).toEqual(['chartproof-state.json']);
  });

  it('is given to one of many who ask at once, under whatever name', async () => {
    const path = join(directory, 'many');
    const link = join(directory, 'link-to-many');
    await mkdir(path);
    await symlink(path, link);
    const asked = Array.from({ length: 20 }, (_, i) =>
      takeStateDirectory(i % 2 ? path : link, { fresh: false }),
    );
    const outcomes = await Promise.allSettled(asked);
    const given = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(given).toHaveLength(1);
    await given[0]?.value.release();
  });

  it('is emptied only when it was made here', async () => {
    await writeFile(join(directory, 'letter.txt'), 'dear');
    await expect(takeStateDirectory(directory, { fresh: true })).rejects.toThrow(
      /does not empty it/,
    );
    const path = join(directory, 'fresh');
    await (await takeStateDirectory(path, { fresh: false })).release();
    await writeFile(join(path, 'data'), 'x');
    const again = await takeStateDirectory(path, { fresh: true });
    expect(again.isNew).toBe(true);
    await again.release();
  });

  it('says what is wrong with it', async () => {
    await expect(
      takeStateDirectory(join(directory, 'letter.txt'), { fresh: false }),
    ).rejects.toThrow(/is a file/);
    const path = join(directory, 'future');
    await (await takeStateDirectory(path, { fresh: false })).release();
    await writeFile(join(path, 'chartproof-state.json'), '{"version": 99}');
    await expect(takeStateDirectory(path, { fresh: false })).rejects.toThrow(/version 99.*--fresh/);
  });
});
