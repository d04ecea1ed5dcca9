import { invalid } from './error.ts';
import type { parseOrder, Searchable } from './filter.ts';

type Order = ReturnType<typeof parseOrder>;

export function byOrders(orders: readonly Order[], a: Searchable, b: Searchable): number {
  for (const { valueOf, descends } of orders) {
    const [left, right] = [valueOf(a), valueOf(b)];
    if (left === right) continue;
    // What has no value comes last, whatever the direction.
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    return descends ? order(right, left) : order(left, right);
  }
  return 0;
}

export function order(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** An empty answer has no list at all, as protobuf's JSON has it. */
export function paged<T>(
  name: string,
  all: readonly T[],
  maxResults: number,
  token: string | undefined,
  toWire: (one: T) => unknown = (one) => one,
): object {
  const from = token === undefined || token === '' ? 0 : offsetOf(token);
  const page = all.slice(from, from + maxResults).map(toWire);
  const end = from + page.length;
  return {
    ...(page.length === 0 ? {} : { [name]: page }),
    ...(end < all.length
      ? { next_page_token: Buffer.from(`{"offset": ${end}}`).toString('base64') }
      : {}),
  };
}

function offsetOf(token: string): number {
  try {
    const { offset } = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as {
      offset: unknown;
    };
    if (typeof offset === 'number') return offset;
  } catch {
    // Told below.
  }
  throw invalid('Invalid page token, could not base64-decode');
}
