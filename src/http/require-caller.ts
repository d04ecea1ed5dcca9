import type { MiddlewareHandler } from 'hono';
import { AppError } from '../errors.ts';
import type { Authenticator, Caller, Scope } from './auth.ts';
import type { HttpVariables } from './http-env.ts';

/** What the two guards need of the Worker's services. */
interface GuardEnv {
  Variables: HttpVariables & {
    services: {
      readonly authenticator: Authenticator;
      readonly config: { readonly readAccess: 'public' | 'token' };
    };
  };
}

/** Reads: anyone under `READ_ACCESS=public`, any valid credential under `token`. */
export const requireRead: MiddlewareHandler<GuardEnv> = async (c, next) => {
  const { authenticator, config } = c.var.services;
  if (config.readAccess === 'public') {
    c.set('caller', { kind: 'anonymous' });
  } else {
    c.set(
      'caller',
      (await authenticator.identify(c.req.raw)) ?? missing('This service is read with a token.'),
    );
  }
  await next();
};

/** Writes: a service token, or a user whose token carries `scope`. */
export function requireScope(scope: Scope): MiddlewareHandler<GuardEnv> {
  return async (c, next) => {
    const caller =
      (await c.var.services.authenticator.identify(c.req.raw)) ??
      missing('This needs a service token or a token with the scope ' + scope + '.');
    if (!mayUse(caller, scope))
      throw new AppError('forbidden', `The token lacks the scope ${scope}.`);
    c.set('caller', caller);
    await next();
  };
}

function mayUse(caller: Caller, scope: Scope): boolean {
  return caller.kind === 'service' || (caller.kind === 'user' && caller.scopes.has(scope));
}

function missing(message: string): never {
  throw new AppError('unauthenticated', message);
}
