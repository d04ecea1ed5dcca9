import { randomBytes } from 'node:crypto';
import { statfs, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from './plain-error.ts';

/** A new database is 40 MB, and PostgreSQL takes 16 MB for the next piece of its log at once. */
const NEEDED_BYTES = 64_000_000;
const PROBE_BYTES = 8_192;

/**
 * Why nothing can be kept in a directory, as a sentence that says what to do, or null. `needed`:
 * also when there is too little room for a database to open.
 */
export async function diskFault(
  directory: string,
  options: { readonly needsRoom: boolean },
): Promise<string | null> {
  const probe = join(directory, `.probe-${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(probe, Buffer.alloc(PROBE_BYTES));
  } catch (error) {
    return describeDiskError(directory, error);
  } finally {
    await unlink(probe).catch(() => {});
  }
  if (!options.needsRoom) return null;
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize < NEEDED_BYTES ? full(directory) : null;
}

/** The same for what a write threw; null: it is not the disk's fault. */
export function describeDiskError(directory: string, error: unknown): string | null {
  const code = systemCode(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return full(directory);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${directory} cannot be written (${code}): set LOCAL_STATE_DIR to a directory of yours.`;
    case 'EEXIST':
    case 'ENOTDIR':
      return `${directory} is a file: set LOCAL_STATE_DIR to a directory.`;
    default:
      return null;
  }
}

function full(directory: string): string {
  return `The disk of ${directory} is full: make room (${NEEDED_BYTES / 1_000_000} MB at least), or set LOCAL_STATE_DIR elsewhere.`;
}
