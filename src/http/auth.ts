import {
  createRemoteJWKSet,
  errors as joseErrors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import type { JwtConfig } from '../config.ts';
import { sha256Hex } from '../digest.ts';
import { AppError } from '../errors.ts';

export type Scope = 'artifact:write' | 'lineage:repair' | 'metrics:read' | 'workflow:write';

/** Who asks. A service may do everything; a user what the token's scopes say. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'service'; readonly id: string }
  | { readonly kind: 'user'; readonly id: string; readonly scopes: ReadonlySet<string> };

export interface Authenticator {
  /**
   * Null when the request carries no credential. Throws `unauthenticated`, `forbidden` or
   * `auth_unavailable`.
   */
  identify(request: Request): Promise<Caller | null>;
}

/** Asymmetric only: an HMAC secret would have to be shared, and `none` is no signature. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const JWKS_DEADLINE_MS = 3_000;
const CLOCK_TOLERANCE_SECONDS = 30;
/** OpenID Connect Core 1.0, section 2. */
const SUBJECT_MAX_CHARACTERS = 255;
const CONTROL_CHARACTER = /\p{Cc}/u;
const BAD_SUBJECT = `"sub" must be a text of 1 to ${SUBJECT_MAX_CHARACTERS} characters`;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

interface Credential {
  readonly token: string;
  readonly source: 'bearer' | 'header' | 'cookie';
}

/**
 * Service tokens are compared by their SHA-256, so that the time taken says nothing about the
 * token; JWTs are verified against the issuer's JWKS with issuer, audience and algorithms pinned.
 */
export function createAuthenticator(config: {
  readonly serviceTokens: readonly string[];
  readonly jwt: JwtConfig | null;
}): Authenticator {
  const serviceDigests = config.serviceTokens.map(sha256Hex);
  const keys =
    config.jwt === null
      ? null
      : createRemoteJWKSet(new URL(config.jwt.jwksUrl), { timeoutDuration: JWKS_DEADLINE_MS });

  return {
    async identify(request) {
      const credential = findCredential(request.headers, config.jwt);
      if (credential === null) return null;
      if (credential.source === 'bearer') {
        const digest = await sha256Hex(credential.token);
        const known = await Promise.all(serviceDigests);
        if (known.includes(digest))
          return { kind: 'service', id: `service:${digest.slice(0, 16)}` };
      }
      if (config.jwt === null || keys === null)
        throw refused('The token is not one of the service tokens.');
      if (credential.source === 'cookie') assertSameOrigin(request);
      return verifyUser(credential.token, config.jwt, keys);
    },
  };
}

function findCredential(headers: Headers, jwt: JwtConfig | null): Credential | null {
  const authorization = headers.get('authorization');
  if (authorization !== null) {
    const match = /^Bearer +([^\s]+)$/i.exec(authorization.trim());
    if (match?.[1] === undefined)
      throw refused('The Authorization header is not of the form "Bearer TOKEN".');
    return { token: match[1], source: 'bearer' };
  }
  const fromHeader = jwt?.header ? headers.get(jwt.header) : null;
  if (fromHeader) return { token: fromHeader, source: 'header' };
  const fromCookie = jwt?.cookie ? cookieValue(headers.get('cookie'), jwt.cookie) : null;
  return fromCookie ? { token: fromCookie, source: 'cookie' } : null;
}

function cookieValue(header: string | null, name: string): string | null {
  for (const pair of header?.split(';') ?? []) {
    const separator = pair.indexOf('=');
    if (separator > 0 && pair.slice(0, separator).trim() === name)
      return pair.slice(separator + 1).trim();
  }
  return null;
}

/**
 * A browser sends cookies with other sites' forms too, so a write by cookie must come from our own
 * pages.
 */
function assertSameOrigin(request: Request): void {
  if (SAFE_METHODS.has(request.method)) return;
  if (request.headers.get('origin') !== new URL(request.url).origin) {
    throw new AppError(
      'forbidden',
      'A write with a cookie must come from the same origin (Origin header).',
    );
  }
}

async function verifyUser(token: string, jwt: JwtConfig, keys: JWTVerifyGetKey): Promise<Caller> {
  if (!isCanonicalJws(token))
    throw refused('The token is not accepted: it is not three parts of canonical base64url.');
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: jwt.issuer,
      audience: jwt.audience,
      algorithms: ALGORITHMS,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    if (!isSubject(payload.sub))
      throw new joseErrors.JWTClaimValidationFailed(BAD_SUBJECT, payload, 'sub');
    return { kind: 'user', id: `user:${payload.sub}`, scopes: scopesOf(payload) };
  } catch (error) {
    if (isIssuerTrouble(error)) {
      throw new AppError(
        'auth_unavailable',
        'The token issuer (JWKS_URL) does not answer as it should.',
        {
          cause: error,
        },
      );
    }
    const reason = error instanceof joseErrors.JOSEError ? error.message : 'it cannot be read';
    throw refused(`The token is not accepted: ${reason}.`);
  }
}

/**
 * One text for one token. Decoders skip padding, blanks and the unused bits of the last character,
 * so that a token would have several spellings, of which lists of revoked ones know one.
 */
export function isCanonicalJws(token: string): boolean {
  const parts = token.split('.');
  return (
    parts.length === 3 &&
    parts.every(
      (part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part,
    )
  );
}

/**
 * Who the token is about: keys of repeated requests hang on it. Unlike jose, RFC 7519 wants a text.
 */
function isSubject(sub: unknown): sub is string {
  return (
    typeof sub === 'string' &&
    sub.trim() !== '' &&
    [...sub].length <= SUBJECT_MAX_CHARACTERS &&
    !CONTROL_CHARACTER.test(sub) &&
    sub.isWellFormed()
  );
}

/** The issuer's own failure, as opposed to a token it would not have signed. */
function isIssuerTrouble(error: unknown): boolean {
  if (!(error instanceof joseErrors.JOSEError)) return true;
  return ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'].includes(error.code);
}

/**
 * `scope` (RFC 8693, space separated), `scp` (Microsoft, list or text) or `permissions` (Auth0,
 * list).
 */
function scopesOf(payload: JWTPayload): ReadonlySet<string> {
  const claims = [payload['scope'], payload['scp'], payload['permissions']];
  return new Set(
    claims.flatMap((claim) => {
      if (typeof claim === 'string') return claim.split(' ').filter((scope) => scope !== '');
      return Array.isArray(claim) ? claim.filter((scope) => typeof scope === 'string') : [];
    }),
  );
}

function refused(message: string): AppError {
  return new AppError('unauthenticated', message, { cause: 'invalid_token' });
}
