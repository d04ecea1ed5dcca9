import type { HonoRequest } from 'hono';

/** The API's own origin, as the caller reached it. */
export function originOf(request: HonoRequest): string {
  return new URL(request.url).origin;
}
