import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { watchParents } from './start/start-parents.ts';

/**
 * `npm start`: runs `start/run-stack.ts` in a process of its own and does nothing else, so that
 * here a signal is always heard. A process that is busy in a loop hears none.
 */
const STACK = fileURLToPath(new URL('start/run-stack.ts', import.meta.url));
/** One that is busy in a loop does not say that it heard. */
const HEARD_DEADLINE_MS = 3_000;
/** Longer than the stack allows itself to close everything. */
const END_DEADLINE_MS = 8_000;

const stack = spawn(process.execPath, [...process.execArgv, STACK, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
let isEnding = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
watchParents(end);
stack.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
stack.once('exit', (code, signal) => {
  if (signal !== null && !isEnding)
    console.error(`npm start was ended from outside (${signal}): start again.`);
  process.exit(code ?? 1);
});

/** It closes everything when it is asked to, or is ended hard: what was confirmed is on disk. */
function end(): void {
  if (isEnding) return;
  isEnding = true;
  const unheard = setTimeout(endHard, HEARD_DEADLINE_MS);
  stack.once('message', () => clearTimeout(unheard));
  setTimeout(endHard, END_DEADLINE_MS).unref();
  if (stack.connected) stack.send('end', () => {});
}

function endHard(): void {
  console.error(
    'npm start did not end by itself and was ended hard; nothing that was confirmed is lost.',
  );
  stack.kill('SIGKILL');
}
