import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

const DATA = 6;
const WORK = 4;
const BEARER = { authorization: `Bearer ${SERVICE_TOKEN}` };
let stack: Stack;
let id: number;

beforeAll(async () => {
  stack = await startStack({}, { limits: { DATA_LIMIT: DATA, WORK_LIMIT: WORK } });
  const created = await stack.send('POST', '/api/artifacts', chartArtifact(makeBars(60, 1)));
  ({ id } = (await created.json()) as { id: number });
});
afterAll(() => stack.close());

/** Nobody else's address, so that no test spends what belongs to another. */
let next = 0;
const address = () => `192.0.2.${++next}`;
const from = (ip: string, more: Record<string, string> = {}) => ({
  'cf-connecting-ip': ip,
  ...more,
});

/** Statuses until one is 429, which may come a whole limit later when a minute ends meanwhile. */
async function untilRefused(
  ask: (time: number) => Promise<Response>,
  limit: number,
): Promise<number[]> {
  const statuses: number[] = [];
  for (let time = 0; time <= 2 * limit + 1; time += 1) {
    const { status } = await ask(time);
    statuses.push(status);
    if (status === 429) break;
  }
  return statuses;
}

const get = (path: string, headers: Record<string, string>) => stack.fetch(path, { headers });
const indicators = (headers: Record<string, string>) =>
  get(`/api/artifacts/${id}/indicators`, headers);

/**
 * What a caller sees who goes on and on: the same answer up to the limit at least, then a refusal.
 */
async function goesOn(ask: (time: number) => Promise<Response>, limit: number) {
  const statuses = await untilRefused(ask, limit);
  const before = statuses.slice(0, -1);
  return {
    answers: [...new Set(before)],
    isWithinLimit: before.length >= limit,
    last: statuses.at(-1),
  };
}
const REFUSED = { answers: [200], isWithinLimit: true, last: 429 };

describe('what is dear', () => {
  it.each([
    ['indicators', () => `/api/artifacts/${id}/indicators`, DATA],
    ['market data', () => `/api/artifacts/${id}/market-data`, DATA],
    ['verify of an artifact', () => `/api/artifacts/${id}/verify`, WORK],
    ['a list with bars', () => '/api/artifacts?include=bars', WORK],
    ['a list with bars, spelled otherwise', () => '/api/artifacts?limit=2&include=%62ars', WORK],
    ['groups with bars', () => '/api/artifacts?group_by=execution_id&include=bars', WORK],
    ['executions with bars', () => '/api/executions?include=bars', WORK],
  ])('%s is refused beyond the limit', async (_name, path, limit) => {
    const ip = address();
    expect(await goesOn(() => get(path(), from(ip)), limit)).toEqual(REFUSED);
    expect((await get(path(), from(address()))).status).toBe(200);
  });

  it('verify of a PNG is refused beyond the limit, whatever is sent', async () => {
    const ip = address();
    const ask = () =>
      stack.fetch('/api/verify', {
        method: 'POST',
        headers: from(ip, { 'content-type': 'image/png' }),
        body: 'no picture',
      });
    expect(await goesOn(ask, WORK)).toEqual({ ...REFUSED, answers: [422] });
  });

  it('is refused with a problem document that says when to come again', async () => {
    const ip = address();
    const ask = () => indicators(from(ip));
    await untilRefused(ask, DATA);
    const refused = await ask();
    // A minute may have ended between the two.
    const answer = refused.status === 429 ? refused : (await untilRefused(ask, DATA), await ask());
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'too_many_requests', status: 429 });
  });

  it('is in OpenAPI with its 429', async () => {
    const { paths } = (await (await stack.fetch('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    const limited = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        '429' in responses ? [`${method} ${path}`] : [],
      ),
    );
    expect(limited.toSorted()).toEqual([
      'get /api/artifacts',
      'get /api/artifacts/{id}/indicators',
      'get /api/artifacts/{id}/market-data',
      'get /api/artifacts/{id}/verify',
      'get /api/executions',
      'get /api/executions/{execution_id}',
      'post /api/verify',
    ]);
  });
});

describe('what is cheap is not limited', () => {
  it.each([
    ['the image', () => `/api/artifacts/${id}/image`],
    ['a list', () => '/api/artifacts'],
    ['one artifact', () => `/api/artifacts/${id}`],
    ['the summary', () => '/api/artifacts/stats/summary'],
  ])('%s', async (_name, path) => {
    const ip = address();
    const statuses = [];
    for (let time = 0; time < 3 * DATA; time += 1)
      statuses.push((await get(path(), from(ip))).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe('a caller', () => {
  it('who shows a valid credential has a count of his own', async () => {
    const ip = address();
    expect(await goesOn(() => indicators(from(ip)), DATA)).toEqual(REFUSED);
    expect((await indicators(from(ip, BEARER))).status).toBe(200);
    // Whatever the address.
    expect((await untilRefused(() => indicators(from(address(), BEARER)), DATA)).at(-1)).toBe(429);
  });

  it('does not get away with another spelling of his address', async () => {
    const spellings = [
      '::ffff:198.51.100.9',
      '198.51.100.9',
      '::FFFF:C633:6409',
      '0:0:0:0:0:ffff:198.51.100.9',
    ];
    expect(
      await goesOn((time) => indicators(from(spellings[time % spellings.length] ?? '')), DATA),
    ).toEqual(REFUSED);
  });

  it('does not get away with another address of his /64', async () => {
    expect(
      await goesOn((time) => indicators(from(`2001:db8:7:8::${time.toString(16)}`)), DATA),
    ).toEqual(REFUSED);
    expect((await indicators(from('2001:db8:7:9::1'))).status).toBe(200);
  });

  it.each([
    ['invented tokens', (time: number) => ({ authorization: `Bearer invented-${time}` })],
    [
      'Authorization of another form',
      (time: number) => ({ authorization: `Basic ${btoa(`u:${time}`)}` }),
    ],
    ['other client addresses', (time: number) => ({ 'x-forwarded-for': `203.0.113.${time}` })],
  ])('does not get away with %s, which a public read ignores', async (_name, headers) => {
    const ip = address();
    expect(await goesOn((time) => indicators(from(ip, headers(time))), DATA)).toEqual(REFUSED);
  });
});

describe('without bindings', () => {
  it('nothing is limited', async () => {
    const open = await startStack({}, { limits: { DATA_LIMIT: null, WORK_LIMIT: null } });
    try {
      const statuses = new Set<number>();
      // More than wrangler.toml allows, one after the other.
      for (let time = 0; time < 260; time += 1) {
        statuses.add((await open.fetch('/api/executions?include=bars&limit=1')).status);
      }
      expect(statuses).toEqual(new Set([200]));
    } finally {
      await open.close();
    }
  });
});
