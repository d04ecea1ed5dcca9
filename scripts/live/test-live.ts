import { spawn } from 'node:child_process';
import { PlainError } from '../../stand-in/plain-error.ts';
import { describeError } from '../command/describe-error.ts';
import type { LiveService, LiveServiceKind } from './live-service.ts';
import { LIVE_SERVICES } from './services.ts';

const HELP = `npm run test:live: the contracts, the Worker's suites and test/live on real services, which it installs, starts and ends.

${LIVE_SERVICES.map(({ title, variable }) => `  ${variable.padEnd(22)} uses a ${title} of your own instead of starting one`).join('\n')}

What follows -- goes to vitest: npm run test:live -- test/contract/mlflow.test.ts`;

const running: LiveService[] = [];
let tests: ReturnType<typeof spawn> | null = null;
let isStopping = false;
process.on('SIGINT', () => void stop(130));
process.on('SIGTERM', () => void stop(143));
main().then(
  (exitCode) => void stop(exitCode),
  (error: unknown) => {
    console.error(describeError(error));
    void stop(1);
  },
);

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    return 0;
  }
  // Every service that starts is recorded before one that fails ends the run: no skipping, and
  // nothing left behind.
  const settled = await Promise.allSettled(LIVE_SERVICES.map(provide));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const variables = Object.assign(
    {},
    ...settled.map((one) => (one.status === 'fulfilled' ? one.value : {})),
  );
  tests = spawn('vitest', ['run', '--project', 'live', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...variables },
  });
  const running = tests;
  return new Promise((resolve, reject) => {
    running.on('error', reject);
    running.on('exit', (code) => resolve(code ?? 1));
  });
}

/** The variable that the suites read, from the shell or from a service that is started. */
async function provide({
  name,
  title,
  variable,
  also,
  start,
}: LiveServiceKind): Promise<Record<string, string>> {
  if (process.env[variable]) {
    const missing = also.find((other) => !process.env[other]);
    if (missing !== undefined)
      throw new PlainError(
        `${variable} is set, but ${missing} is not: the ${title} that it names needs both.`,
      );
    console.log(`${title}: ${variable} is set, none is started.`);
    return { [`${name.toUpperCase()}_IS_GIVEN`]: 'yes' };
  }
  const service = await start({ say: (line) => console.log(line) });
  running.push(service);
  return { [variable]: Object.values(service.variables)[0] ?? '', ...service.variables };
}

async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  tests?.kill('SIGTERM');
  await Promise.all(running.map((service) => service.close().catch(() => {})));
  process.exit(exitCode);
}
