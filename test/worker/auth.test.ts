import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

const ISSUER = 'https://issuer.test';
const AUDIENCE = 'chartproof';
const ORIGIN = 'https://app.example.com';
const body = JSON.stringify({ name: 'x', type: 'signal' });

let issuer: Server;
let privateKey: CryptoKey;
let foreignKey: CryptoKey;
let open: Stack;
let closed: Stack;
let jwksStatus = 200;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  privateKey = pair.privateKey;
  foreignKey = (await generateKeyPair('ES256')).privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' };
  issuer = createServer((_request, response) => {
    response
      .writeHead(jwksStatus, { 'content-type': 'application/json' })
      .end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const vars = {
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
    JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`,
    CORS_ORIGINS: ORIGIN,
    JWT_COOKIE: 'session',
    JWT_HEADER: 'cf-access-jwt-assertion',
  };
  open = await startStack(vars);
  closed = await startStack({ ...vars, READ_ACCESS: 'token' });
});
afterAll(async () => {
  await Promise.all([open.close(), closed.close()]);
  issuer.close();
});

interface Claims {
  scope?: string;
  issuer?: string;
  audience?: string;
  expires?: string;
  key?: CryptoKey;
}

function token({
  scope,
  issuer: iss = ISSUER,
  audience = AUDIENCE,
  expires = '5m',
  key = privateKey,
}: Claims = {}) {
  return new SignJWT(scope === undefined ? {} : { scope })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setSubject('user-1')
    .setIssuer(iss)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(key);
}

const write = (stack: Stack, headers: Record<string, string>) =>
  stack.fetch('/api/artifacts', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

describe('writes', () => {
  it('need a credential, and say so', async () => {
    const response = await write(open, {});
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="chartproof"',
    ]);
  });

  it('take a service token, and no other', async () => {
    expect((await write(open, { authorization: `Bearer ${SERVICE_TOKEN}` })).status).toBe(201);
    for (const authorization of [`Bearer ${SERVICE_TOKEN}x`, 'Bearer', `Basic ${SERVICE_TOKEN}`]) {
      const response = await write(open, { authorization });
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer realm="chartproof", error="invalid_token"',
      ]);
    }
  });

  it('take a user whose token has the scope', async () => {
    const allowed = await token({ scope: 'openid artifact:write' });
    expect((await write(open, { authorization: `Bearer ${allowed}` })).status).toBe(201);
    expect((await write(open, { 'cf-access-jwt-assertion': allowed })).status).toBe(201);
    expect(
      (await write(open, { authorization: `Bearer ${await token({ scope: 'lineage:repair' })}` }))
        .status,
    ).toBe(403);
    expect((await write(open, { authorization: `Bearer ${await token()}` })).status).toBe(403);
  });

  it.each<[string, Claims]>([
    ['another issuer', { issuer: 'https://else.test' }],
    ['another audience', { audience: 'else' }],
    ['an old one', { expires: '-5m' }],
  ])('refuse a token of %s', async (_name, claims) => {
    expect(
      (
        await write(open, {
          authorization: `Bearer ${await token({ scope: 'artifact:write', ...claims })}`,
        })
      ).status,
    ).toBe(401);
  });

  it('refuse a forged token, an unsigned one and one signed with the public key as secret', async () => {
    const forged = await token({ scope: 'artifact:write', key: foreignKey });
    const [, payload] = forged.split('.');
    const header = (alg: string) =>
      Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
    for (const bad of [
      forged,
      `${header('none')}.${payload}.`,
      `${header('HS256')}.${payload}.AAAA`,
      'a.b.c',
      'nonsense',
    ]) {
      expect((await write(open, { authorization: `Bearer ${bad}` })).status).toBe(401);
    }
  });

  it('by cookie must come from the same origin', async () => {
    const cookie = `other=1; session=${await token({ scope: 'artifact:write' })}`;
    expect((await write(open, { cookie })).status).toBe(403);
    expect((await write(open, { cookie, origin: 'https://evil.example' })).status).toBe(403);
    const { url } = open.worker;
    expect((await write(open, { cookie, origin: url.origin })).status).toBe(201);
  });
});

describe('a subject', () => {
  const withSubject = async (sub: unknown) =>
    new SignJWT({ scope: 'artifact:write', ...(sub === undefined ? {} : { sub: sub as string }) })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime('5m')
      .sign(privateKey);

  it.each<[string, unknown]>([
    ['no subject', undefined],
    ['null', null],
    ['an object', { id: 1 }],
    ['a list', ['user-1']],
    ['a number', 7],
    ['true', true],
    ['an empty one', ''],
    ['blanks', ' \t\u00a0\u3000'],
    ['256 characters', 'u'.repeat(256)],
    ['U+0000', 'user\u0000'],
    ['a line break', 'user\n1'],
    ['half a surrogate pair', 'user\ud800'],
  ])('of %s is refused', async (_name, sub) => {
    const response = await write(open, { authorization: `Bearer ${await withSubject(sub)}` });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="chartproof", error="invalid_token"',
    ]);
  });

  it.each(['a', 'u'.repeat(255), '🚀'.repeat(255), 'auth0|5f7c', 'Zoë Müller'])(
    'of %s is taken',
    async (sub) => {
      expect(
        (await write(open, { authorization: `Bearer ${await withSubject(sub)}` })).status,
      ).toBe(201);
    },
  );

  it('has keys of its own for repeated requests', async () => {
    const key = { 'idempotency-key': 'the-same' };
    const post = async (sub: string) =>
      write(open, { authorization: `Bearer ${await withSubject(sub)}`, ...key });
    const [first, second] = [await post('a'), await post('b')];
    expect(first.headers.get('location')).not.toBe(second.headers.get('location'));
    expect((await post('a')).headers.get('location')).toBe(first.headers.get('location'));
  });
});

describe('reads', () => {
  it('are open by default, even to a bad credential', async () => {
    expect((await open.fetch('/api/artifacts')).status).toBe(200);
    expect(
      (await open.fetch('/api/artifacts', { headers: { authorization: 'Bearer nonsense' } }))
        .status,
    ).toBe(200);
  });

  it('need any valid credential under READ_ACCESS=token', async () => {
    for (const path of [
      '/api/artifacts',
      '/api/artifacts/1',
      '/api/artifacts/1/image',
      '/api/artifacts/1/verify',
    ]) {
      expect((await closed.fetch(path)).status).toBe(401);
      const response = await closed.fetch(path, {
        headers: { authorization: `Bearer ${await token()}` },
      });
      expect([200, 404]).toContain(response.status);
    }
    expect((await closed.fetch('/api/verify', { method: 'POST' })).status).toBe(401);
    expect((await closed.fetch('/healthz')).status).toBe(200);
  });
});

describe('CORS', () => {
  it('knows its origins exactly', async () => {
    const preflight = (origin: string) =>
      open.fetch('/api/artifacts', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    expect((await preflight(ORIGIN)).headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(
      (await preflight(`${ORIGIN}.evil.example`)).headers.get('access-control-allow-origin'),
    ).toBeNull();
    const response = await open.fetch('/api/artifacts', { headers: { origin: ORIGIN } });
    expect(response.headers.get('access-control-expose-headers')).toContain('X-Chart-Freshness');
  });
});

it('says 503, not 401, when the issuer is down', async () => {
  jwksStatus = 500;
  const fresh = await startStack({
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
    JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`,
  });
  try {
    const response = await write(fresh, {
      authorization: `Bearer ${await token({ scope: 'artifact:write' })}`,
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  } finally {
    jwksStatus = 200;
    await fresh.close();
  }
});
