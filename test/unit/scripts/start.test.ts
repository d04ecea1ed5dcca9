import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownEnvironment } from '../../support/own-environment.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-start-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('npm start', () => {
  function start(
    argv: string[],
    env: Record<string, string>,
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts', ...argv], {
      cwd: ROOT,
      env: ownEnvironment({ LOCAL_STATE_DIR: join(directory, 'stack'), ...env }),
    });
    let output = '';
    child.stdout.on('data', (text) => (output += String(text)));
    child.stderr.on('data', (text) => (output += String(text)));
    return new Promise((resolve) => child.once('exit', (code) => resolve({ code, output })));
  }

  it('helps', async () => {
    const { code, output } = await start(['--help'], {});
    expect([code, output]).toEqual([0, expect.stringContaining('npm start -- --fresh')]);
  });
});
