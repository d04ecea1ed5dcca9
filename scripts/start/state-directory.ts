import { createHash } from 'node:crypto';
import {
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeDiskError, diskFault } from '../../stand-in/disk-room.ts';
import { PlainError, systemCode } from '../../stand-in/plain-error.ts';

/** Changes when older state can no longer be read. */
const STATE_VERSION = 1;
const MARKER = 'chartproof-state.json';
const NEW_MARKER = `${MARKER}.new`;
/** A start that was told to end, or whose npm was killed, is gone by then. */
const LOCK_DEADLINE_MS = 10_000;
const LOCK_RETRY_MS = 100;
/** One that is busy making a database answers later than others. */
const ANSWER_DEADLINE_MS = 2_000;

export interface StateDirectory {
  readonly path: string;
  /** Nothing was there before. */
  readonly isNew: boolean;
  release(): Promise<void>;
}

/**
 * Takes the directory that everything local is kept in, for this process alone: two processes can
 * open one embedded database without an error and ruin it. The lock is a listening socket, which
 * the system itself takes back from a killed process; it tells those who ask whether its owner is
 * about to end, and they wait for that. `fresh` empties the directory first.
 */
export async function takeStateDirectory(
  path: string,
  options: { readonly fresh: boolean; readonly isEnding?: () => boolean },
): Promise<StateDirectory> {
  const made = resolve(path);
  await writable(made, () => mkdir(made, { recursive: true }));
  // Two names of one directory are one lock, and --fresh never removes a symbolic link instead of
  // what it names.
  const directory = await realpath(made);
  const release = await lock(directory, options.isEnding ?? (() => false));
  try {
    if (options.fresh) await empty(directory);
    const isNew = await checkVersion(directory);
    const fault = await diskFault(directory, { needsRoom: false });
    if (fault !== null) throw new PlainError(fault);
    return { path: directory, isNew, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function lock(directory: string, isEnding: () => boolean): Promise<() => Promise<void>> {
  const name = `chartproof-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
  const path = socketPath(name);
  const deadline = Date.now() + LOCK_DEADLINE_MS;
  for (;;) {
    const server = createServer((socket) => {
      // Who asks may be gone before the answer is.
      socket.on('error', () => {});
      socket.end(isEnding() ? 'ending' : 'running');
    });
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
    const owner = await askOwner(path);
    // Nobody listens: the file was left by a process that was killed.
    if (owner === 'gone' && isFile(path)) await unlink(path).catch(() => {});
    if (owner === 'running' || Date.now() > deadline) {
      throw new PlainError(
        `Another npm start is using ${directory}: stop it, or set LOCAL_STATE_DIR to another directory.`,
      );
    }
    if (owner === 'ending') await new Promise((wait) => setTimeout(wait, LOCK_RETRY_MS));
  }
}

/**
 * Names that end with their process, where the system has such; a file can outlive a killed
 * process.
 */
function socketPath(name: string): string {
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function isFile(path: string): boolean {
  return path.startsWith('/');
}

/** `ending` is also what is said of an owner that does not answer: it may be too busy to. */
function askOwner(path: string): Promise<'running' | 'ending' | 'gone'> {
  return new Promise((settle) => {
    let answer = '';
    const socket = connect(path);
    socket.setTimeout(ANSWER_DEADLINE_MS, () => {
      socket.destroy();
      settle('ending');
    });
    socket.on('data', (text) => (answer += String(text)));
    socket.once('end', () => settle(answer === 'ending' ? 'ending' : 'running'));
    socket.once('error', (error) =>
      settle(systemCode(error) === 'ECONNREFUSED' ? 'gone' : 'ending'),
    );
  });
}

/**
 * Only what this stack made may be emptied: a mistyped LOCAL_STATE_DIR must not cost anybody a home
 * directory.
 */
async function empty(directory: string): Promise<void> {
  const marker = await readMarker(directory);
  if (marker === 'none') return;
  if (marker === 'foreign') {
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
  if (marker === 'none' || marker === 'foreign') {
    const text = `${JSON.stringify({ version: STATE_VERSION })}\n`;
    // Written beside and renamed: killed in between, there is none or a whole one.
    await writable(directory, () => writeFile(join(directory, NEW_MARKER), text));
    await writable(directory, () => rename(join(directory, NEW_MARKER), join(directory, MARKER)));
    return true;
  }
  if (marker === 'damaged') {
    throw new PlainError(
      `${join(directory, MARKER)} cannot be read, so nobody knows what made the state: start over with npm start -- --fresh.`,
    );
  }
  if (marker !== STATE_VERSION) {
    throw new PlainError(
      `The state in ${directory} is of version ${marker}, this is version ${STATE_VERSION}: start over with npm start -- --fresh.`,
    );
  }
  return false;
}

/**
 * The version, or: `none`, nothing was kept here yet; `foreign`, something else is here; `damaged`,
 * it does not say.
 */
async function readMarker(directory: string): Promise<number | 'none' | 'foreign' | 'damaged'> {
  let text: string;
  try {
    text = await readFile(join(directory, MARKER), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR')
      throw new PlainError(`${directory} is a file: set LOCAL_STATE_DIR to a directory.`);
    if (systemCode(error) !== 'ENOENT') return 'damaged';
    return (await others(directory)).length === 0 ? 'none' : 'foreign';
  }
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    if (typeof version === 'number') return version;
  } catch {
    // Half written, or written by something else.
  }
  // It is the first thing that is kept: a start that was killed while it wrote it left nothing
  // else.
  return (await others(directory)).length === 0 ? 'none' : 'damaged';
}

/** What is there besides the marker and what a killed start left of it. */
async function others(directory: string): Promise<string[]> {
  const entries = await readdir(directory).catch(() => []);
  return entries.filter(
    (name) => name !== MARKER && name !== NEW_MARKER && !name.startsWith('.probe-'),
  );
}

async function writable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = describeDiskError(directory, error);
    throw fault === null ? error : new PlainError(fault);
  }
}
