import { INT4_MAX } from '../artifact/artifact.schema.ts';
import { sha256Hex } from '../digest.ts';
import { invalidInput } from '../errors.ts';
import type { AppError } from '../errors.ts';
import { sqlStateOf } from '../storage/database-errors.ts';

/**
 * The last entry of a page: the next one begins after it, whatever is written or deleted meanwhile.
 */
export interface PagePosition {
  /** What the list is sorted by, as PostgreSQL's text. */
  readonly value: string | null;
  readonly id: number;
  /** The highest id there was when the first page was read; null where it does not matter. */
  readonly upToId: number | null;
}

const CHECK_LENGTH = 16;

/** What a cursor is good for: one kind of list, one order, the same filters. */
export function cursorScope(
  kind: string,
  sort: string,
  filter: Readonly<Record<string, unknown>>,
): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return JSON.stringify([kind, sort, given.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/**
 * Opaque: base64url (RFC 4648 section 5) of JSON. It carries a hash over itself and its scope, and
 * no secret.
 */
export async function writeCursor(scope: string, position: PagePosition): Promise<string> {
  const after = [position.value, position.id, position.upToId];
  const check = await checkOf(scope, after);
  return Buffer.from(JSON.stringify({ after, check })).toString('base64url');
}

/**
 * Throws `invalid_input` that names `cursor` for one of another list, order or filter, and for a
 * damaged one.
 */
export async function readCursor(scope: string, text: string): Promise<PagePosition> {
  const { after, check } = parsed(text);
  if (!Array.isArray(after) || after.length !== 3 || check !== (await checkOf(scope, after)))
    throw badCursor();
  const [value, id, upToId]: unknown[] = after;
  if (!(value === null || typeof value === 'string')) throw badCursor();
  if (!isId(id) || !(upToId === null || isId(upToId))) throw badCursor();
  return { value, id, upToId };
}

function badCursor(): AppError {
  return invalidInput([
    { field: 'cursor', message: 'is not a next_cursor of a list with this sort and these filters' },
  ]);
}

function parsed(text: string): { after?: unknown; check?: unknown } {
  const bytes = Buffer.from(text, 'base64url');
  // Buffer skips what it does not know.
  if (bytes.toString('base64url') !== text) throw badCursor();
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    throw badCursor();
  }
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= INT4_MAX;
}

async function checkOf(scope: string, after: readonly unknown[]): Promise<string> {
  return (await sha256Hex(JSON.stringify([scope, after]))).slice(0, CHECK_LENGTH);
}

/** What a forged cursor holds may be no value of its column; the filters were checked before. */
export async function blamingCursor<T>(
  after: PagePosition | null,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (after !== null && sqlStateOf(error)?.startsWith('22') === true) throw badCursor();
    throw error;
  }
}
