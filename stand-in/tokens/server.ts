import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JWK,
} from 'jose';
import { z } from 'zod';
import { listen, type LocalServer } from '../listen.ts';
import { PlainError, systemCode } from '../plain-error.ts';

export interface TokenIssuerOptions {
  /** Where the signing key is kept, so that tokens outlive a restart. */
  readonly directory: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly issuer: string;
  readonly audience: string;
}

const ALGORITHM = 'ES256';
const TOKEN_LIFETIME_SECONDS = 3600;
const BODY_MAX_BYTES = 16_384;

const tokenRequest = z.strictObject({
  sub: z
    .string('is missing: the user the token speaks for')
    .trim()
    .min(1, 'must not be empty')
    .max(255),
  tier: z.string().min(1).max(50).optional(),
  /** Separated by spaces (RFC 8693, section 4.2). */
  scope: z.string().max(1000).optional(),
});

/**
 * Stands in for an OIDC issuer on one machine: `GET /.well-known/jwks.json`, `POST /token {sub,
 * tier?, scope?}`. It asks nobody for a password, so it listens on loopback and refuses pages of
 * other origins.
 */
export async function startTokenIssuer(options: TokenIssuerOptions): Promise<LocalServer> {
  const key = await openKey(options.directory);
  const server = createServer((request, response) => {
    answer(options, key, request).then(
      ({ status, body }) => send(response, status, body),
      () => response.destroy(),
    );
  });
  return listen(server, options, { name: 'token issuer', variable: 'TOKENS_PORT' });
}

interface SigningKey {
  readonly privateKey: Awaited<ReturnType<typeof importJWK>>;
  readonly publicJwk: JWK & { readonly kid: string };
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

async function answer(
  options: TokenIssuerOptions,
  key: SigningKey,
  request: IncomingMessage,
): Promise<Answer> {
  const path = request.url?.split('?')[0];
  if (path === '/.well-known/jwks.json' && request.method === 'GET') {
    return { status: 200, body: { keys: [key.publicJwk] } };
  }
  if (path !== '/token')
    return problem(404, 'There are POST /token and GET /.well-known/jwks.json here.');
  if (request.method !== 'POST')
    return problem(405, 'Ask with POST and a JSON body: {"sub": "ada"}.');
  // A browser sends Origin with every POST: no web page may make itself a token.
  if (request.headers.origin !== undefined)
    return problem(403, 'Tokens are not given to web pages.');
  const parsed = tokenRequest.safeParse(parseJson(await readBody(request)));
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.'),
      message,
    }));
    return {
      ...problem(
        400,
        'The body must be JSON: {"sub": "ada", "tier": "pro", "scope": "artifact:write"}.',
        errors,
      ),
    };
  }
  const { sub, ...claims } = parsed.data;
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, kid: key.publicJwk.kid, typ: 'JWT' })
    .setSubject(sub)
    .setIssuer(options.issuer)
    .setAudience(options.audience)
    .setIssuedAt()
    .setExpirationTime(`${TOKEN_LIFETIME_SECONDS}s`)
    .sign(key.privateKey);
  return {
    status: 200,
    body: { access_token: token, token_type: 'Bearer', expires_in: TOKEN_LIFETIME_SECONDS },
  };
}

/**
 * Reads the key, or makes one; written beside and renamed, so that a killed start leaves none or a
 * whole one.
 */
async function openKey(directory: string): Promise<SigningKey> {
  const path = join(directory, 'signing-key.json');
  let jwk: JWK;
  try {
    jwk = JSON.parse(await readFile(path, 'utf8')) as JWK;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') {
      throw new PlainError(
        `${path} cannot be read as a key: delete it, and start again (issued tokens end with it).`,
      );
    }
    const pair = await generateKeyPair(ALGORITHM, { extractable: true });
    jwk = await exportJWK(pair.privateKey);
    await mkdir(directory, { recursive: true });
    await writeFile(`${path}.new`, JSON.stringify(jwk), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
  const { d: _private, ...publicPart } = jwk;
  const kid = await calculateJwkThumbprint(publicPart);
  return {
    privateKey: await importJWK(jwk, ALGORITHM),
    publicJwk: { ...publicPart, kid, alg: ALGORITHM, use: 'sig' },
  };
}

function problem(status: number, detail: string, errors?: readonly object[]): Answer {
  return {
    status,
    body: { type: 'about:blank', status, detail, ...(errors === undefined ? {} : { errors }) },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    if (text.length <= BODY_MAX_BYTES) text += chunk;
  }
  return text.length > BODY_MAX_BYTES ? '' : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response
    .writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}
