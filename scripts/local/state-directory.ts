import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rm, unlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PlainError, systemCode } from './plain-error.ts';

/** Changes when older state can no longer be read. */
const STATE_VERSION = 1;
const MARKER = 'chartproof-state.json';

export interface StateDirectory {
  readonly path: string;
  /** Nothing was there before. */
  readonly isNew: boolean;
  release(): Promise<void>;
}

/**
 * Takes the directory that everything local is kept in, for this process alone: two processes can open one embedded
 * database without an error and ruin it. The lock is a listening socket, which the system itself takes back from a
 * killed process. `fresh` empties the directory first.
 */
export async function takeStateDirectory(
  path: string,
  options: { readonly fresh: boolean },
): Promise<StateDirectory> {
  const made = resolve(path);
  await writable(made, () => mkdir(made, { recursive: true }));
  // Two names of one directory are one lock, and --fresh never removes a symbolic link instead of what it names.
  const directory = await realpath(made);
  const release = await lock(directory);
  try {
    if (options.fresh) await empty(directory);
    const isNew = await checkVersion(directory);
    return { path: directory, isNew, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function lock(directory: string): Promise<() => Promise<void>> {
  const name = `chartproof-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
  const taken = new PlainError(
    `Another npm start is using ${directory}: stop it, or set LOCAL_STATE_DIR to another directory.`,
  );
  const path = socketPath(name);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const server = createServer((socket) => socket.end());
    const failure = await new Promise<unknown>((settle) => {
      server.once('error', settle);
      server.listen(path, () => settle(null));
    });
    if (failure === null) {
      server.unref();
      return () => new Promise((done) => server.close(() => done()));
    }
    if (systemCode(failure) !== 'EADDRINUSE')
      throw new PlainError(`The lock of ${directory} cannot be made: ${String(failure)}`);
    if (!isFile(path) || (await isAlive(path))) throw taken;
    // Nobody listens: it was left by a process that was killed.
    await unlink(path).catch(() => {});
  }
  throw taken;
}

/** Names that end with their process, where the system has such; a file can outlive a killed process. */
function socketPath(name: string): string {
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function isFile(path: string): boolean {
  return path.startsWith('/');
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => settle(false));
  });
}

/** Only what this stack made may be emptied: a mistyped LOCAL_STATE_DIR must not cost anybody a home directory. */
async function empty(directory: string): Promise<void> {
  const marker = await readMarker(directory);
  if (marker === 'none') return;
  if (marker === null) {
    throw new PlainError(
      `${directory} was not made by npm start, so --fresh does not empty it: delete it yourself.`,
    );
  }
  const entries = await readdir(directory);
  // The marker goes last: killed in between, the directory is still one that may be emptied.
  for (const name of [...entries.filter((entry) => entry !== MARKER), MARKER]) {
    await writable(directory, () => rm(join(directory, name), { recursive: true, force: true }));
  }
}

/** True for a new directory. */
async function checkVersion(directory: string): Promise<boolean> {
  const marker = await readMarker(directory);
  if (marker === 'none' || marker === null) {
    const text = `${JSON.stringify({ version: STATE_VERSION })}\n`;
    await writable(directory, () => writeFile(join(directory, MARKER), text));
    return true;
  }
  if (marker !== STATE_VERSION) {
    throw new PlainError(
      `The state in ${directory} is of version ${marker}, this is version ${STATE_VERSION}: start over with npm start -- --fresh.`,
    );
  }
  return false;
}

/** The version; null: there is something else; `none`: there is nothing. */
async function readMarker(directory: string): Promise<number | null | 'none'> {
  try {
    const { version } = JSON.parse(await readFile(join(directory, MARKER), 'utf8')) as { version?: unknown };
    return typeof version === 'number' ? version : null;
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR')
      throw new PlainError(`${directory} is a file: set LOCAL_STATE_DIR to a directory.`);
    if (systemCode(error) !== 'ENOENT') return null;
    return (await isEmpty(directory)) ? 'none' : null;
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  return (await readdir(directory).catch(() => [])).length === 0;
}

async function writable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw new PlainError(
        `${directory} cannot be written (${code}): set LOCAL_STATE_DIR to a directory of yours.`,
      );
    }
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new PlainError(`${directory} is a file: set LOCAL_STATE_DIR to a directory.`);
    if (code === 'ENOSPC')
      throw new PlainError(`The disk of ${directory} is full: make room, or set LOCAL_STATE_DIR elsewhere.`);
    throw error;
  }
}
