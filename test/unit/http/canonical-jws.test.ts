import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAuthenticator, isCanonicalJws } from '../../../src/http/auth.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Their signatures end in characters with two and four unused bits. */
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'PS384', 'EdDSA'];

/** Other texts that lenient decoders read as the same bytes. */
function spellings(part: string): string[] {
  const unused = part.length % 4 === 2 ? 16 : part.length % 4 === 3 ? 4 : 1;
  const last = ALPHABET.indexOf(part.at(-1) ?? '');
  const others = Array.from({ length: unused }, (_, bits) => last - (last % unused) + bits)
    .filter((index) => index !== last)
    .map((index) => part.slice(0, -1) + ALPHABET[index]);
  const padding = '='.repeat((4 - (part.length % 4)) % 4 || 1);
  const blanks = ['\n', ' ', '\t', '\r\n', '\0', '\u00a0', '!', '%'];
  return [
    ...others,
    part + padding,
    ...blanks.flatMap((blank) => [
      part + blank,
      blank + part,
      `${part.slice(0, 3)}${blank}${part.slice(3)}`,
    ]),
    ...(/[-_]/.test(part) ? [part.replaceAll('-', '+').replaceAll('_', '/')] : []),
  ];
}

describe.each(ALGORITHMS)('%s', (alg) => {
  it('has one text a token: every other spelling is refused, although its signature is right', async () => {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const jwk = { ...(await exportJWK(publicKey)), alg, kid: 'one' };
    const server = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const jwt = {
        issuer: 'https://issuer.test',
        audience: 'chartproof',
        jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        cookie: 'session',
        header: 'x-token',
      };
      const { identify } = createAuthenticator({ serviceTokens: [], jwt });
      const ask = (headers: Record<string, string>) =>
        identify(new Request('http://api.test/', { headers }));
      const token = await new SignJWT({ text: '??>>~~' })
        .setProtectedHeader({ alg, kid: 'one' })
        .setSubject('user')
        .setIssuer(jwt.issuer)
        .setAudience(jwt.audience)
        .setExpirationTime('5m')
        .sign(privateKey);
      expect(await ask({ authorization: `Bearer ${token}` })).toMatchObject({ id: 'user:user' });
      expect(await ask({ 'x-token': token })).toMatchObject({ id: 'user:user' });
      expect(await ask({ cookie: `session=${token}` })).toMatchObject({ id: 'user:user' });

      const parts = token.split('.');
      let lenient = 0;
      for (const [index, part] of parts.entries()) {
        for (const spelling of spellings(part)) {
          const forged = parts.with(index, spelling).join('.');
          expect([spelling, isCanonicalJws(forged)]).toEqual([spelling, false]);
          const isByJose = await jwtVerify(forged, publicKey).then(
            () => true,
            () => false,
          );
          if (isByJose) lenient += 1;
          if (!isByJose || /[^\x21-\x7e]/.test(forged)) continue;
          for (const headers of [
            { authorization: `Bearer ${forged}` },
            { 'x-token': forged },
            { cookie: `session=${forged}` },
          ])
            await expect(ask(headers as never)).rejects.toMatchObject({ code: 'unauthenticated' });
        }
      }
      // The reason for all this: these verify.
      expect(lenient).toBeGreaterThan(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

it.each([
  '',
  '.',
  '..',
  'a.b',
  'YQ.YQ.',
  '.YQ.YQ',
  'YQ..YQ',
  'YQ.YQ.YQ.YQ',
  'YQ.YQ.YQ.YQ.YQ',
  'YQ.YQ.A',
  'YR.YQ.YQ',
])('%j is no token', (text) => {
  expect(isCanonicalJws(text)).toBe(false);
});
