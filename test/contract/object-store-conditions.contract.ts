import { expect, it } from 'vitest';
import { bytesOf, etagOf, type Session } from './object-store-session.ts';

const TEN = '0123456789';
const EPOCH = new Date(0).toUTCString();
const soon = () => new Date(Date.now() + 3_600_000).toUTCString();

/** Ranges, and conditions on reads and writes. */
export function conditionsContract(session: () => Session): void {
  it('answers ranges', async () => {
    const { put, send } = session();
    await put('range', TEN);
    const range = async (value: string) => {
      const { status, headers, body } = await send({ key: 'range', headers: { range: value } });
      return [status, headers['content-range'] ?? null, body.toString()];
    };
    expect(await range('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await range('bytes=0-0')).toEqual([206, 'bytes 0-0/10', '0']);
    expect(await range('bytes=8-')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await range('bytes=8-100')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await range('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await range('bytes=-30')).toEqual([206, 'bytes 0-9/10', TEN]);
    const head = await send({ method: 'HEAD', key: 'range', headers: { range: 'bytes=2-4' } });
    expect([head.status, head.headers['content-range'], head.headers['content-length']]).toEqual([
      206,
      'bytes 2-4/10',
      '3',
    ]);
  });

  it.each(['bytes=10-', 'bytes=40-50', 'bytes=-0', 'bytes=5-2'])(
    'cannot satisfy %s',
    async (range) => {
      const { put, send, departs } = session();
      await put('unsatisfiable', TEN);
      const { status, code, headers } = await send({ key: 'unsatisfiable', headers: { range } });
      expect([status, code]).toEqual([416, 'InvalidRange']);
      expect(headers['content-range']).toBe(
        departs('content-range-of-416') ? undefined : 'bytes */10',
      );
      const head = await send({ method: 'HEAD', key: 'unsatisfiable', headers: { range } });
      expect(head.status).toBe(416);
    },
  );

  it.each(['bytes=-', 'bytes=a-b', 'bytes=2', 'bytes=+1-2', 'items=2-4', 'bytes=0-1,3-4'])(
    'answers whole to %s',
    async (range) => {
      const { put, send } = session();
      await put('whole', TEN);
      const { status, headers, body } = await send({ key: 'whole', headers: { range } });
      expect([status, headers['content-range'], body.toString()]).toEqual([200, undefined, TEN]);
    },
  );

  it('answers ranges beyond 64 bits', async () => {
    const { put, send, departs } = session();
    await put('huge', TEN);
    const status = async (range: string) =>
      (await send({ key: 'huge', headers: { range } })).status;
    expect(await status('bytes=99999999999999999999-')).toBe(departs('huge-range') ? 200 : 416);
    expect(await status('bytes=0-99999999999999999999')).toBe(departs('huge-range') ? 200 : 206);
  });

  it('answers ranges of an empty object', async () => {
    const { put, send, departs } = session();
    await put('empty-range', '');
    const status = async (range: string) =>
      (await send({ key: 'empty-range', headers: { range } })).status;
    expect([
      await status('bytes=0-'),
      await status('bytes=0-0'),
      await status('bytes=40-50'),
    ]).toEqual([416, 416, 416]);
    expect(await status('bytes=-1')).toBe(departs('suffix-of-empty') ? 206 : 416);
  });

  it.each(['GET', 'HEAD'])('honours conditions on %s', async (method) => {
    const { put, send, departs } = session();
    await put('read', TEN);
    const etag = etagOf(TEN);
    const status = async (headers: Record<string, string>) =>
      (await send({ method, key: 'read', headers })).status;
    expect(await status({ 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-none-match': etag.replaceAll('"', '') })).toBe(304);
    expect(await status({ 'if-none-match': '*' })).toBe(304);
    expect(await status({ 'if-none-match': '"other"' })).toBe(200);
    expect(await status({ 'if-match': etag })).toBe(200);
    expect(await status({ 'if-match': '*' })).toBe(200);
    expect(await status({ 'if-match': '"other"' })).toBe(412);
    expect(await status({ 'if-match': `W/${etag}` })).toBe(412);
    expect(await status({ 'if-modified-since': soon() })).toBe(304);
    expect(await status({ 'if-modified-since': EPOCH })).toBe(200);
    // The everyday case: the very Last-Modified that came with the object.
    const lastModified = String((await send({ method, key: 'read' })).headers['last-modified']);
    expect(await status({ 'if-modified-since': lastModified })).toBe(304);
    expect(await status({ 'if-unmodified-since': lastModified })).toBe(200);
    expect(await status({ 'if-modified-since': 'yesterday' })).toBe(200);
    expect(await status({ 'if-unmodified-since': EPOCH })).toBe(412);
    expect(await status({ 'if-unmodified-since': soon() })).toBe(200);
    expect(await status({ 'if-unmodified-since': 'yesterday' })).toBe(200);
    // One overrules the other.
    expect(await status({ 'if-match': etag, 'if-unmodified-since': EPOCH })).toBe(200);
    expect(await status({ 'if-match': '"other"', 'if-unmodified-since': soon() })).toBe(412);
    expect(await status({ 'if-none-match': etag, 'if-modified-since': EPOCH })).toBe(304);
    expect(await status({ 'if-match': etag, 'if-none-match': etag })).toBe(304);
    const wrongOrder = departs('conditions-order');
    const both = { 'if-none-match': '"other"', 'if-modified-since': soon() };
    expect(await status(both)).toBe(wrongOrder ? 304 : 200);
    expect(await status({ 'if-match': '"other"', 'if-none-match': etag })).toBe(
      wrongOrder ? 304 : 412,
    );
    const never = { 'if-unmodified-since': EPOCH, 'if-modified-since': soon() };
    expect(await status(never)).toBe(wrongOrder ? 304 : 412);
    // Conditions come before ranges.
    expect(await status({ range: 'bytes=40-', 'if-none-match': etag })).toBe(304);
    expect(await status({ range: 'bytes=40-', 'if-match': '"other"' })).toBe(412);
    const noLists = departs('tag-lists');
    expect(await status({ 'if-none-match': `"a", ${etag}` })).toBe(noLists ? 200 : 304);
    expect(await status({ 'if-none-match': `W/${etag}` })).toBe(noLists ? 200 : 304);
    expect(await status({ 'if-match': `"a", ${etag}` })).toBe(noLists ? 412 : 200);
  });

  it('sends the validators with 304 and 412', async () => {
    const { send } = session();
    const headers = { 'cache-control': 'no-cache' };
    await send({ method: 'PUT', key: 'validators', body: bytesOf(TEN), headers });
    const shown = async (conditions: Record<string, string>) => {
      const answer = await send({ key: 'validators', headers: conditions });
      expect(Date.parse(answer.headers['last-modified'] ?? '')).toBeGreaterThan(
        Date.now() - 60_000,
      );
      return [answer.status, answer.headers.etag, answer.headers['cache-control']];
    };
    expect(await shown({ 'if-none-match': '*' })).toEqual([304, etagOf(TEN), 'no-cache']);
    expect(await shown({ 'if-match': '"other"' })).toEqual([412, etagOf(TEN), 'no-cache']);
  });

  it('honours conditions on PUT', async () => {
    const { store, ref, textOf, answerTo } = session();
    const write = (text: string, condition: { ifNoneMatch: '*' } | { ifMatch: string }) =>
      store.put(ref('written'), bytesOf(text), { contentType: 'text/plain', condition });
    const refused = { stored: false, reason: 'precondition_failed' };
    expect(await write('never', { ifMatch: '"other"' })).toEqual(refused);
    expect(await write('never', { ifMatch: '*' })).toEqual(refused);
    expect((await write('first', { ifNoneMatch: '*' })).stored).toBe(true);
    expect(await write('second', { ifNoneMatch: '*' })).toEqual(refused);
    expect(await write('third', { ifMatch: '"other"' })).toEqual(refused);
    expect(await write('third', { ifMatch: `W/${etagOf('first')}` })).toEqual(refused);
    expect(await textOf('written')).toBe('first');
    expect((await write('fourth', { ifMatch: etagOf('first') })).stored).toBe(true);
    expect(await textOf('written')).toBe('fourth');
    const raw = (key: string, headers: Record<string, string>) =>
      answerTo({ method: 'PUT', key, body: bytesOf('x'), headers });
    expect(await raw('nowhere', { 'if-match': '"other"' })).toEqual([404, 'NoSuchKey']);
    expect(await raw('written', { 'if-match': '"other"' })).toEqual([412, 'PreconditionFailed']);
    expect(await raw('written', { 'if-none-match': '*' })).toEqual([412, 'PreconditionFailed']);
    expect(await raw('written', { 'if-none-match': etagOf('fourth') })).toEqual([
      412,
      'PreconditionFailed',
    ]);
    expect(await raw('written', { 'if-none-match': '"other"' })).toEqual([200, null]);
  });

  it('honours If-Match on DELETE', async () => {
    const { put, answerTo, textOf, departs } = session();
    await put('deleted', 'x');
    const remove = (tag: string) =>
      answerTo({ method: 'DELETE', key: 'deleted', headers: { 'if-match': tag } });
    const ignored = departs('conditional-delete');
    expect(await remove('"other"')).toEqual(ignored ? [204, null] : [412, 'PreconditionFailed']);
    expect(await textOf('deleted')).toBe(ignored ? null : 'x');
    expect(await remove(etagOf('x'))).toEqual([204, null]);
    expect(await textOf('deleted')).toBeNull();
    expect(await remove('"other"')).toEqual([204, null]);
  });

  it.each(['is the first', 'replaces what all have seen'])(
    'lets exactly one of 40 writers win: who %s',
    async (which) => {
      const { store, ref, put, textOf } = session();
      const key = `race ${which}`;
      const isFirst = which === 'is the first';
      if (!isFirst) await put(key, 'seen');
      const condition = isFirst ? { ifNoneMatch: '*' as const } : { ifMatch: etagOf('seen') };
      const writers = Array.from({ length: 40 }, (_, i) =>
        store.put(ref(key), bytesOf(`writer ${i}`), { contentType: 'text/plain', condition }),
      );
      const outcomes = await Promise.all(writers);
      const winners = outcomes.flatMap((outcome, i) => (outcome.stored ? [`writer ${i}`] : []));
      expect(winners).toHaveLength(1);
      expect(await textOf(key)).toBe(winners[0]);
    },
  );
}
