import { TrieRouter } from 'hono/router/trie-router';
import type { ErrorCode } from '../errors.ts';
import type { LogFields } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';

/** The pattern that a path belongs to, whatever the method; `*` for none. */
export type RoutePatterns = (path: string) => string;

export interface AnsweredRequest {
  readonly method: string;
  readonly route: string;
  /**
   * By a clock that on Cloudflare stands still between I/O: up to the last I/O before the answer.
   */
  readonly ms: number;
  readonly problem: ErrorCode | undefined;
}

/**
 * nginx's number for a client that closed the connection before it was answered; it never goes over
 * the wire.
 */
const CLIENT_GONE = 499;
const UNMATCHED = '*';

/** Patterns of routes alone; those of middleware (`/api/*`) say nothing of what was asked for. */
export function createRoutePatterns(routes: readonly { readonly path: string }[]): RoutePatterns {
  const router = new TrieRouter<string>();
  const patterns = new Set(routes.map(({ path }) => path).filter((path) => !path.includes('*')));
  for (const pattern of patterns) router.add('ALL', pattern, pattern);
  return (path) => router.match('ALL', path)[0][0]?.[0] ?? UNMATCHED;
}

/**
 * `response`: null when the client did not wait for one. Nothing that a caller wrote is in it but
 * the method.
 */
export function requestLine(
  { method, route, ms, problem }: AnsweredRequest,
  response: Response | null,
): LogFields {
  return {
    method,
    route,
    status: response?.status ?? CLIENT_GONE,
    ms,
    source: response?.headers.get('x-chart-source') ?? undefined,
    code: problem,
    client_gone: response === null ? true : undefined,
  };
}

/** What the same line adds to the counters. */
export function countRequest(
  metrics: Metrics,
  { method, route, problem }: AnsweredRequest,
  response: Response | null,
): void {
  const status = `${Math.floor((response?.status ?? CLIENT_GONE) / 100)}xx`;
  metrics.count('http_request', { method, route, status });
  if (response === null) metrics.count('client_gone', {});
  if (problem !== undefined) metrics.count('problem', { code: problem });
  const source = response?.headers.get('x-chart-source') ?? null;
  const freshness = response?.headers.get('x-chart-freshness') ?? null;
  if (source !== null && freshness !== null) metrics.count('image_served', { source, freshness });
}
