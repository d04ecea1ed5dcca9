import { spawn } from 'node:child_process';
import { PlainError } from '../../stand-in/plain-error.ts';

const TAIL_LINES = 15;

/**
 * Runs a command to its end; its output shows only when it fails. Throws `PlainError` with the last
 * lines.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly uid?: number;
    readonly gid?: number;
  } = {},
): Promise<string> {
  const child = spawn(command, args, {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const code = await new Promise<number | string>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'it is not installed' : error.message),
    );
    child.on('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 'unknown'));
  });
  if (code === 0) return output;
  const why = typeof code === 'string' ? code : `exit ${code}`;
  throw new PlainError(`${command} ${args.slice(0, 3).join(' ')} failed (${why})${tail(output)}`);
}

export function tail(output: string): string {
  const lines = output.trimEnd().split('\n').slice(-TAIL_LINES);
  return output.trim() === '' ? '' : `:\n${lines.join('\n')}`;
}
