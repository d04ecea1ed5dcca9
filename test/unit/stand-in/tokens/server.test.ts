import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalServer } from '../../../../stand-in/listen.ts';
import { startTokenIssuer } from '../../../../stand-in/tokens/server.ts';

const issuer = 'http://issuer.test';
const audience = 'chartproof-test';
let directory: string;
let server: LocalServer | undefined;

const start = async () =>
  (server = await startTokenIssuer({ directory, host: '127.0.0.1', port: 0, issuer, audience }));
const ask = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/token`, { method: 'POST', body, headers });
const verify = (url: string, token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`)), {
    issuer,
    audience,
    algorithms: ['ES256'],
  });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-tokens-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(directory, { recursive: true });
});

describe('token issuer', () => {
  it('gives a token that its own key set verifies', async () => {
    const { url } = await start();
    const response = await ask(url, '{"sub":"ada","tier":"pro","scope":"artifact:write"}');
    const body = (await response.json()) as { access_token: string };
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    const { payload } = await verify(url, body.access_token);
    expect(payload).toMatchObject({
      sub: 'ada',
      tier: 'pro',
      scope: 'artifact:write',
      iss: issuer,
      aud: audience,
    });
    expect(payload.exp! - payload.iat!).toBe(3600);
  });

  it('keeps its key over a restart and never publishes the private part', async () => {
    const first = await start();
    const { access_token } = (await (await ask(first.url, '{"sub":"ada"}')).json()) as {
      access_token: string;
    };
    await first.close();
    const second = await start();
    await expect(verify(second.url, access_token)).resolves.toMatchObject({
      payload: { sub: 'ada' },
    });
    const { keys } = (await (await fetch(`${second.url}/.well-known/jwks.json`)).json()) as {
      keys: object[];
    };
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toHaveProperty('d');
  });

  it.each([
    '',
    '{',
    '[]',
    '{}',
    '{"sub":""}',
    '{"sub":7}',
    '{"sub":"a","admin":true}',
    `{"sub":"${'x'.repeat(20_000)}"}`,
  ])('refuses %.20s with a problem', async (body) => {
    const { url } = await start();
    const response = await ask(url, body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('sub') });
  });

  it('gives web pages nothing', async () => {
    const { url } = await start();
    expect((await ask(url, '{"sub":"ada"}', { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('says what to do about a broken key file', async () => {
    await writeFile(join(directory, 'signing-key.json'), '{"kty":');
    await expect(start()).rejects.toThrow(/signing-key\.json.*delete it/);
  });
});
