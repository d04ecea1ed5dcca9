import { access, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client } from 'pg';
import { PlainError } from '../../stand-in/plain-error.ts';
import type { LiveOptions, LiveService, LiveServiceKind } from './live-service.ts';
import { runCommand } from './run-command.ts';
import { freePort, startServer } from './start-server.ts';

const START_DEADLINE_MS = 60_000;
const USER = 'chartproof';
const PASSWORD = 'chartproof';
/** Where Debian and Ubuntu put each major version. */
const DEBIAN = '/usr/lib/postgresql';
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.d';
const PROGRAMS = ['initdb', 'postgres'];

/** A real PostgreSQL over a fresh cluster of its own, with one superuser. */
async function startPostgresql({ say, onLost }: LiveOptions): Promise<LiveService> {
  const programs = await installPostgresql({ say });
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-postgresql-'));
  try {
    return await startIn(directory, programs, { say, onLost });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(
  directory: string,
  programs: string,
  { say, onLost }: LiveOptions,
): Promise<LiveService> {
  const account = await unprivileged();
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
  if (account !== null) {
    for (const path of [directory, passwordFile]) await chown(path, account.uid, account.gid);
  }
  const version =
    (await runCommand(join(programs, 'postgres'), ['--version'])).trim().split(' ').at(2) ?? '';
  const port = await freePort();
  say(`Starting PostgreSQL ${version} at 127.0.0.1:${port} …`);
  await runCommand(
    join(programs, 'initdb'),
    [
      `--pgdata=${data}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    ],
    { cwd: directory, ...account },
  );
  const databaseUrl = (database: string) =>
    `postgresql://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
  const stop = await startServer({
    title: 'PostgreSQL',
    command: join(programs, 'postgres'),
    // Its data does not outlive it, so it need not wait for the disk.
    args: ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', directory, '-c', 'fsync=off'],
    cwd: directory,
    ...account,
    isReady: () => answers(databaseUrl('postgres')),
    onLost,
    deadlineMs: START_DEADLINE_MS,
  });
  const client = new Client({ connectionString: databaseUrl('postgres') });
  await client.connect();
  await client.query(`create database ${USER}`);
  await client.end();
  return {
    variables: { DATABASE_URL: databaseUrl(USER) },
    close: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * PostgreSQL refuses to run as root; its packages bring an account for it. Null: this process' own
 * will do.
 */
async function unprivileged(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all(
      ['-u', '-g'].map((flag) => runCommand('id', [flag, name]).catch(() => null)),
    );
    const [uid, gid] = ids.map(Number);
    if (ids.every((id) => id !== null) && uid !== undefined && gid !== undefined)
      return { uid, gid };
  }
  throw new PlainError(
    'PostgreSQL does not run as root, and there is no account "postgres" or "nobody" here.',
  );
}

/** Gives the directory of the programs. As root on Debian or Ubuntu it installs the package. */
async function installPostgresql({ say }: LiveOptions): Promise<string> {
  const found = await findPrograms();
  if (found !== null) return found;
  const isDebian = await runCommand('apt-get', ['--version']).then(
    () => true,
    () => false,
  );
  const instead =
    'or give one of your own: LIVE_DATABASE_URL=postgresql://…, whose user may create databases';
  if (!isDebian)
    throw new PlainError(
      `PostgreSQL is not installed: install it (its initdb on the PATH), ${instead}.`,
    );
  if (process.getuid?.() !== 0)
    throw new PlainError(
      `PostgreSQL is not installed: sudo apt-get install postgresql, ${instead}.`,
    );
  say('Installing PostgreSQL from the packages of this system: half a minute, once …');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = (name: string) =>
    runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env });
  await runCommand('apt-get', ['update', '-qq'], { env });
  await install('postgresql-common');
  // Otherwise the package starts a server of its own, which nobody asked for.
  await mkdir(CLUSTER_SETTINGS, { recursive: true });
  const setting = join(CLUSTER_SETTINGS, 'chartproof.conf');
  await writeFile(setting, 'create_main_cluster = false\n');
  await install('postgresql').finally(() => rm(setting, { force: true }));
  const installed = await findPrograms();
  if (installed === null)
    throw new PlainError(`PostgreSQL was installed, but not in ${DEBIAN} nor on the PATH.`);
  return installed;
}

async function findPrograms(): Promise<string | null> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a));
  const onPath = (process.env['PATH'] ?? '').split(delimiter);
  for (const directory of [
    ...newestFirst.map((version) => join(DEBIAN, version, 'bin')),
    ...onPath,
  ]) {
    const isComplete = await Promise.all(
      PROGRAMS.map((program) => access(join(directory, program))),
    ).then(
      () => true,
      () => false,
    );
    if (isComplete) return directory;
  }
  return null;
}

export const postgresql: LiveServiceKind = {
  name: 'postgresql',
  title: 'PostgreSQL',
  variable: 'LIVE_DATABASE_URL',
  also: [],
  install: async (options) => {
    await installPostgresql(options);
  },
  start: startPostgresql,
};
