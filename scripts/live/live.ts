import { describeError } from '../command/describe-error.ts';
import type { LiveService, LiveServiceKind } from './live-service.ts';
import { LIVE_SERVICES } from './services.ts';

const HELP = `npm run live SERVICE…: starts real services in the foreground, installing what is missing.

${LIVE_SERVICES.map(({ name, title }) => `  npm run live ${name.padEnd(10)} ${title}`).join('\n')}
  npm run live all
  npm run live install    installs what all of them need (or those named after it) and starts nothing

Prints the variables that npm start and npm run seed take. Ctrl-C ends them. Installed services are kept in
CHARTPROOF_CACHE_DIR (default: ~/.cache/chartproof); their data is fresh every time.`;

const running: LiveService[] = [];
let isStopping = false;
process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));
main().catch((error: unknown) => {
  console.error(describeError(error));
  void stop(1);
});

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const isInstall = args[0] === 'install';
  const names = isInstall ? args.slice(1) : args;
  if (isInstall && names.length === 0) names.push('all');
  const isHelp = names.length === 0 || names.includes('--help') || names.includes('-h');
  const unknown = names.find(
    (name) => name !== 'all' && !LIVE_SERVICES.some((kind) => kind.name === name),
  );
  if (isHelp || unknown !== undefined) {
    if (!isHelp) console.error(`"${unknown}" is not a service.\n`);
    console.log(HELP);
    process.exitCode = isHelp ? 0 : 1;
    return;
  }
  const kinds = LIVE_SERVICES.filter(({ name }) => names.includes('all') || names.includes(name));
  if (isInstall) {
    // One after the other: each of them wants all cores.
    for (const { install } of kinds) await install({ say });
    console.log(`Installed: ${kinds.map(({ title }) => title).join(', ')}.`);
    return;
  }
  // Those that run are ended when one does not start.
  const failed = (await Promise.allSettled(kinds.map(start))).find(
    (one) => one.status === 'rejected',
  );
  if (failed !== undefined) throw failed.reason;
  console.log('\nRunning; Ctrl-C ends it. In another shell:\n');
  for (const { variables } of running) {
    for (const [name, value] of Object.entries(variables)) console.log(`  export ${name}=${value}`);
  }
  console.log('\n  npm start -- --migrate --seed');
  // A pipe to a child would keep the process alive only while the child writes.
  setInterval(() => {}, 1 << 30);
}

async function start({ start: startService }: LiveServiceKind): Promise<void> {
  const onLost = (why: string) => {
    console.error(why);
    void stop(1);
  };
  running.push(await startService({ say, onLost }));
}

function say(line: string): void {
  console.log(line);
}

async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await Promise.all(running.map((service) => service.close().catch(() => {})));
  process.exit(exitCode);
}
