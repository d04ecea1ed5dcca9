import { describeError } from './describe-error.ts';

/** Runs a script's `main`; a failure is one line on stderr and exit status 1. */
export function runScript(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(describeError(error));
    process.exitCode = 1;
  });
}
