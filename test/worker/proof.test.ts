import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { pngChunk } from '../../src/png/chunk.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import {
  assemble,
  chunksOf,
  insertBefore,
  labelOf,
  relabel,
  repaint,
  rewrite,
  withLabelText,
} from '../support/png-forgery.ts';
import { multipartBody } from '../support/multipart.ts';
import { BUCKET, SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';
import { JPEGS } from '../unit/jpeg/jpeg-fixtures.ts';
import { pngFixture } from '../unit/png/png-fixture.ts';

const BARS = makeBars(60, 4_711);
const OTHER_BARS = makeBars(70, 4_712);
let stack: Stack;
let id: number;
let otherId: number;
let png: Uint8Array<ArrayBuffer>;
let otherPng: Uint8Array<ArrayBuffer>;
let key: string;
let seed = 4_800;

interface Verification {
  verdict: string;
  detail: string;
  chunks: { chunk: string; message: string }[];
  label: {
    state: string;
    differences: { field: string; claimed: unknown; actual: unknown }[];
    problems: { field: string }[];
  };
  renders: { render_key: string; symbol: string }[];
  artifacts: { artifact_id: number }[];
  claimed: { render: { render_key: string }; artifacts: { artifact_id: number }[] } | null;
  changes: {
    comparable: boolean;
    pixels: number | null;
    regions: Record<string, unknown>[];
    regions_omitted: number;
  } | null;
}

async function post(bars: unknown, more: Record<string, unknown> = {}): Promise<number> {
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(bars, more));
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const image = (artifact: number) => stack.fetch(`/api/artifacts/${artifact}/image`);
const send = (bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  stack.fetch('/api/verify', {
    method: 'POST',
    headers: { 'content-type': 'image/png', ...headers },
    body: bytes,
  });

async function verify(bytes: Uint8Array<ArrayBuffer>): Promise<Verification> {
  const response = await send(bytes);
  expect(response.status).toBe(200);
  return (await response.json()) as Verification;
}

beforeAll(async () => {
  stack = await startStack();
  id = await post(BARS);
  otherId = await post(OTHER_BARS);
  png = await bytesOf(await image(id));
  otherPng = await bytesOf(await image(otherId));
  key = String(labelOf(png)['render_key']);
});
afterAll(() => stack.close());

/** The pixels of a palette PNG of ours as RGB. */
function asRgb(source: Uint8Array): Uint8Array<ArrayBuffer> {
  const [header, palette] = chunksOf(source);
  const view = Buffer.from(header?.data ?? []);
  const [width, height] = [view.readUInt32BE(0), view.readUInt32BE(4)];
  const data = new Uint8Array(width * height * 3);
  repaint(source, (rows, stride) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const index = rows[y * stride + 1 + x] ?? 0;
        data.set(palette?.data.subarray(index * 3, index * 3 + 3) ?? [], (y * width + x) * 3);
      }
    }
  });
  return new Uint8Array(encode({ width, height, channels: 3, data }));
}

describe('what is called verified', () => {
  it('is the file that was drawn, and the same chunks deflated anew', async () => {
    expect(await verify(png)).toMatchObject({
      verdict: 'verified',
      label: { state: 'consistent', differences: [], problems: [] },
      artifacts: [{ artifact_id: id }],
      claimed: null,
      changes: null,
    });
    const deflated = repaint(png, () => {});
    expect(deflated).not.toEqual(png);
    expect(await verify(deflated)).toMatchObject({ verdict: 'verified', chunks: [] });
  });

  it.each<[string, (source: Uint8Array) => Uint8Array<ArrayBuffer>]>([
    ['without its label', (source) => withoutLabel(new Uint8Array(source))],
    ['as RGB', asRgb],
    [
      'with a comment',
      (source) => insertBefore(source, 'IDAT', pngChunk('tEXt', Buffer.from('Comment\0x'))),
    ],
    ['with a time', (source) => insertBefore(source, 'IEND', pngChunk('tIME', Buffer.alloc(7)))],
  ])('is not said of the picture %s: the pixels are the same', async (_name, change) => {
    expect(await verify(change(png))).toMatchObject({
      verdict: 'same_pixels',
      chunks: [],
      artifacts: [{ artifact_id: id }],
    });
  });
});

describe('what browsers show differently is altered, and the chunk is named', () => {
  const frame = () => {
    const control = Buffer.alloc(26);
    control.writeUInt32BE(1920, 4);
    control.writeUInt32BE(1400, 8);
    return pngChunk('fcTL', control);
  };
  it.each<[string, (source: Uint8Array) => Uint8Array<ArrayBuffer>]>([
    [
      'acTL',
      (s) => insertBefore(s, 'IDAT', pngChunk('acTL', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]))),
    ],
    ['fcTL', (s) => insertBefore(s, 'IEND', frame())],
    ['fdAT', (s) => insertBefore(s, 'IEND', pngChunk('fdAT', Buffer.alloc(20)))],
    ['iCCP', (s) => insertBefore(s, 'PLTE', pngChunk('iCCP', Buffer.from('p\0\0x')))],
    ['cHRM', (s) => insertBefore(s, 'PLTE', pngChunk('cHRM', Buffer.alloc(32, 7)))],
    ['gAMA', (s) => insertBefore(s, 'PLTE', pngChunk('gAMA', Buffer.from([0, 1, 0, 0])))],
    ['cICP', (s) => insertBefore(s, 'PLTE', pngChunk('cICP', Buffer.from([9, 16, 0, 1])))],
    ['eXIf', (s) => insertBefore(s, 'IDAT', pngChunk('eXIf', Buffer.from('MM\0*\0\0\0\b\0\0')))],
    ['PLTE', (s) => insertBefore(s, 'IDAT', pngChunk('PLTE', Buffer.alloc(768, 9)))],
    ['PLTE', (s) => insertBefore(s, 'IEND', pngChunk('PLTE', Buffer.alloc(768, 9)))],
    ['CgBI', (s) => insertBefore(s, 'IDAT', pngChunk('CgBI', Buffer.alloc(4)))],
    ['vpAg', (s) => insertBefore(s, 'IDAT', pngChunk('vpAg', Buffer.alloc(9)))],
    ['IEND', (s) => new Uint8Array(Buffer.concat([s, Buffer.from('PK\u0003\u0004')]))],
  ])('%s', async (chunk, forge) => {
    const found = await verify(forge(png));
    expect(found).toMatchObject({
      verdict: 'altered',
      chunks: [{ chunk }],
      renders: [{ render_key: key }],
      artifacts: [{ artifact_id: id }],
    });
    expect(found.detail).toContain(chunk);
  });
});

describe('a forged label', () => {
  it.each<[string, unknown]>([
    ['symbol', 'TSLA'],
    ['timeframe', '1min'],
    ['bar_count', 61],
    ['first_bar', '1999-01-01T00:00:00.000Z'],
    ['last_bar', '2030-01-01T00:00:00.000Z'],
    ['spec', {}],
    ['renderer', 'somebody else'],
    ['pixel_sha256', 'a'.repeat(64)],
    ['snapshot_sha256', 'a'.repeat(64)],
    ['render_key', 'a'.repeat(32)],
  ])('%s is named with the true value', async (field, forged) => {
    const actual = labelOf(png)[field];
    expect(await verify(relabel(png, { [field]: forged }))).toMatchObject({
      verdict: 'relabelled',
      label: { state: 'contradicted', differences: [{ field, claimed: forged, actual }] },
      artifacts: [{ artifact_id: id }],
    });
  });

  it.each<[string, unknown]>([
    ['render_key', 'A'.repeat(32)],
    ['render_key', null],
    ['bar_count', '60'],
    ['symbol', 7],
    ['audited_by', 'the SEC'],
  ])('with %s %j is malformed, and says so', async (field, value) => {
    expect(await verify(relabel(png, { [field]: value }))).toMatchObject({
      verdict: 'relabelled',
      label: { state: 'malformed', problems: [{ field }] },
    });
  });

  it('that says one thing to one reader and another to the next is malformed', async () => {
    const text = JSON.stringify(labelOf(png)).replace('{', '{"symbol":"TSLA",');
    expect(await verify(withLabelText(png, text))).toMatchObject({
      verdict: 'relabelled',
      label: { state: 'malformed', problems: [{ field: 'label' }] },
    });
  });

  it('of a render that exists is held against both', async () => {
    const label = chunksOf(otherPng).find(({ type }) => type === 'iTXt')?.data ?? new Uint8Array();
    const found = await verify(rewrite(png, 'iTXt', () => label));
    expect(found).toMatchObject({
      verdict: 'relabelled',
      renders: [{ render_key: key }],
      claimed: {
        render: { render_key: labelOf(otherPng)['render_key'] },
        artifacts: [{ artifact_id: otherId }],
      },
    });
    expect(found.label.differences.map(({ field }) => field)).toContain('render_key');
  });
});

it('is verified however many renders share its pixels', async () => {
  const bars = makeBars(30, 4_900);
  const files = [];
  for (let n = 0; n < 23; n += 1) {
    const [first, ...rest] = bars;
    const almost = [{ ...first, volume: (first?.volume ?? 0) + n * 1e-6 }, ...rest];
    files.push(await bytesOf(await image(await post(almost))));
  }
  const verdicts = [];
  for (const file of files) verdicts.push((await verify(file)).verdict);
  expect(new Set(verdicts)).toEqual(new Set(['verified']));
  const last = files.at(-1) ?? png;
  expect(await verify(repaint(last, () => {}))).toMatchObject({ verdict: 'verified' });
});

it('a label that nobody could walk through is malformed, not an error', async () => {
  const spec = `${'['.repeat(7_000)}${']'.repeat(7_000)}`;
  const text = JSON.stringify(labelOf(png)).replace(/"spec":\{/, `"spec":{"z":${spec},`);
  expect(await verify(withLabelText(png, text))).toMatchObject({
    verdict: 'relabelled',
    claims: null,
    label: { state: 'malformed' },
  });
});

describe('a picture that was painted over', () => {
  /** Two rectangles: one in the price panel over the last bars, one in the title. */
  const painted = () =>
    repaint(png, (rows, stride) => {
      for (let y = 200; y < 230; y++)
        rows.fill((rows[y * stride + 900] ?? 0) ^ 1, y * stride + 901, y * stride + 941);
      for (let y = 4; y < 10; y++)
        rows.fill((rows[y * stride + 50] ?? 0) ^ 1, y * stride + 51, y * stride + 61);
    });

  it('is altered: which render it claims, who shows that, where it was changed', async () => {
    const found = await verify(painted());
    expect(found).toMatchObject({
      verdict: 'altered',
      renders: [],
      claimed: { render: { render_key: key }, artifacts: [{ artifact_id: id }] },
      changes: { comparable: true, regions_omitted: 0 },
    });
    const [price, header] = found.changes?.regions ?? [];
    expect(price).toMatchObject({ y: 200, height: 30, panel: 'price' });
    expect(header).toMatchObject({ y: 4, height: 6, panel: 'header', first_bar: null });
    expect(Number(price?.['x'])).toBeGreaterThanOrEqual(900);
    expect(Number(price?.['x']) + Number(price?.['width'])).toBeLessThanOrEqual(940);
    const dates = BARS.map(({ date }) => `${date}T00:00:00.000Z`);
    expect(dates).toContain(price?.['first_bar']);
    expect(dates.indexOf(String(price?.['last_bar']))).toBeGreaterThanOrEqual(
      dates.indexOf(String(price?.['first_bar'])),
    );
    expect(found.changes?.pixels).toBe(
      found.changes?.regions.reduce((sum, region) => sum + Number(region['pixels']), 0),
    );
  });

  it('is compared with what is drawn anew when the store has lost it', async () => {
    const [row] = await stack.query<{ object_key: string }>(
      'select object_key from chart_render where render_key = $1',
      [key],
    );
    await stack.store.delete({ bucket: BUCKET, key: row?.object_key ?? '' });
    await stack.emptyEdge();
    expect(await verify(painted())).toMatchObject({
      verdict: 'altered',
      changes: { comparable: true },
    });
  });

  it('of another size cannot be compared', async () => {
    const small = relabelled(
      pngFixture({ width: 3, height: 2, colourType: 0, raw: Buffer.alloc(8) }),
      png,
    );
    expect(await verify(small)).toMatchObject({
      verdict: 'altered',
      claimed: { render: { render_key: key } },
      changes: { comparable: false, pixels: null, regions: [] },
    });
  });
});

/** `picture` with the label of `source`. */
function relabelled(picture: Uint8Array, source: Uint8Array): Uint8Array<ArrayBuffer> {
  const label = chunksOf(source).find(({ type }) => type === 'iTXt');
  return insertBefore(picture, 'IDAT', source.subarray(label?.start, label?.end));
}

describe('GET /api/renders/{render_key}/image', () => {
  const render = (name: string, init?: RequestInit) =>
    stack.fetch(`/api/renders/${name}/image`, init);

  it('is the file that was drawn, for ever', async () => {
    const response = await render(key);
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBe(`"${key}"`);
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('x-chart-snapshot')).toBe(labelOf(png)['snapshot_sha256']);
    expect(
      createHash('sha256')
        .update(await bytesOf(response))
        .digest('hex'),
    ).toBe(
      createHash('sha256')
        .update(await bytesOf(await image(id)))
        .digest('hex'),
    );
    expect((await render(key, { headers: { 'if-none-match': `"${key}"` } })).status).toBe(304);
    const part = await render(key, { headers: { range: 'bytes=0-7' } });
    expect([part.status, part.headers.get('content-length')]).toEqual([206, '8']);
    const head = await render(key, { method: 'HEAD' });
    expect([head.status, (await bytesOf(head)).length]).toEqual([200, 0]);
  });

  it('is drawn anew when it was lost, and never somebody else’s bytes', async () => {
    const [row] = await stack.query<{ object_key: string }>(
      'select object_key from chart_render where render_key = $1',
      [key],
    );
    const ref = { bucket: BUCKET, key: row?.object_key ?? '' };
    await stack.store.put(ref, otherPng, { contentType: 'image/png' });
    await stack.emptyEdge();
    const response = await render(key);
    expect(response.status).toBe(200);
    expect(labelOf(await bytesOf(response))['render_key']).toBe(key);
  });

  it('is 412 for another If-Match, and 304 for who has it, with the store down as well', async () => {
    expect((await render(key, { headers: { 'if-match': '"other"' } })).status).toBe(412);
    await stack.stopStore();
    try {
      expect((await render(key, { headers: { 'if-none-match': `"${key}"` } })).status).toBe(304);
    } finally {
      await stack.startStore();
    }
  });

  it('is gone with an artifact that was deleted while it was drawn', async () => {
    const doomed = await post(makeBars(2_000, 4_990));
    const drawing = image(doomed);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await stack.send('DELETE', `/api/artifacts/${doomed}`)).status).toBe(204);
    const drawn = await drawing;
    if (drawn.status !== 200) return;
    const left = String(labelOf(await bytesOf(drawn))['render_key']);
    const rows = () =>
      stack.query('select 1 from artifact_render where artifact_id = $1', [doomed]);
    await expect.poll(rows, { timeout: 20_000 }).toEqual([]);
    await stack.emptyEdge();
    expect((await render(left)).status).toBe(404);
  });

  it('is 404 for what nobody drew, and for what is gone with its bars', async () => {
    expect((await render('f'.repeat(32))).status).toBe(404);
    expect((await render('nonsense')).status).toBe(404);
    const lost = await post(makeBars(60, 4_713));
    const lostKey = String(labelOf(await bytesOf(await image(lost)))['render_key']);
    const [row] = await stack.query<{ object_key: string }>(
      'select object_key from chart_render where render_key = $1',
      [lostKey],
    );
    await stack.store.delete({ bucket: BUCKET, key: row?.object_key ?? '' });
    await stack.query('delete from artifacts where id = $1', [lost]);
    await stack.emptyEdge();
    const gone = await render(lostKey);
    expect(gone.status).toBe(404);
    expect(((await gone.json()) as { detail: string }).detail).toContain(
      'no artifact has its bars',
    );
  });
});

describe('an image is decoded whole before it is stored or called anything', () => {
  const size = { width: 20, height: 20, colourType: 0 };
  const good = () => Buffer.alloc(21 * 20);
  const withData = (data: Uint8Array, form: { width: number; height: number } = size) => {
    const fixture = pngFixture({ ...size, ...form, raw: good() });
    return rewrite(fixture, 'IDAT', () => data);
  };
  const wrongAdler = () => {
    const data = deflateSync(good());
    data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
    return withData(data);
  };
  const wrongFilter = () => {
    const rows = good();
    rows[21] = 9;
    return withData(deflateSync(rows));
  };
  const damaged: [string, () => Uint8Array<ArrayBuffer>][] = [
    ['a broken deflate stream', () => withData(Buffer.from('not deflate at all'))],
    ['a wrong Adler-32', wrongAdler],
    ['short data', () => withData(deflateSync(Buffer.alloc(21 * 19)))],
    ['long data', () => withData(deflateSync(Buffer.alloc(21 * 21)))],
    ['filter 9', wrongFilter],
    [
      'a colour that the palette does not have',
      () =>
        assemble([
          ...chunksOf(pngFixture({ ...size, colourType: 3, raw: good() })).flatMap(
            ({ type }, _, all) => (type === 'IHDR' ? [headerOf(all)] : []),
          ),
          pngChunk('PLTE', Buffer.alloc(3)),
          pngChunk(
            'IDAT',
            deflateSync(Buffer.alloc(21 * 20, 1).map((byte, i) => (i % 21 === 0 ? 0 : byte))),
          ),
          pngChunk('IEND', new Uint8Array(0)),
        ]),
    ],
    [
      '65,535 x 65,535 with ten bytes',
      () => withData(Buffer.alloc(10), { width: 65_535, height: 65_535 }),
    ],
  ];
  function headerOf(chunks: readonly { type: string; data: Uint8Array }[]): Uint8Array {
    return pngChunk('IHDR', chunks.find(({ type }) => type === 'IHDR')?.data ?? new Uint8Array());
  }

  const upload = async (bytes: Uint8Array<ArrayBuffer>) => {
    const { contentType, body } = await multipartBody(chartArtifact(makeBars(40, 9)), bytes);
    return stack.fetch('/api/artifacts', {
      method: 'POST',
      headers: { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': contentType },
      body,
    });
  };

  it.each(damaged)('%s is refused as an upload and by /api/verify', async (_name, make) => {
    const response = await upload(make());
    expect([413, 422]).toContain(response.status);
    const problem = (await response.json()) as { errors: { field: string }[] };
    expect(problem.errors.map(({ field }) => field)).toEqual(['image']);
    expect([413, 422]).toContain((await send(make())).status);
  });

  it('a JPEG without the end of its data is refused, whole ones are not', async () => {
    const [whole] = Object.values(JPEGS);
    if (whole === undefined) throw new Error('there are JPEGs');
    expect((await upload(whole)).status).toBe(201);
    const cut = new Uint8Array(Buffer.concat([whole.subarray(0, -40), Buffer.from([0xff, 0xd9])]));
    expect((await upload(cut)).status).toBe(422);
  });

  it.each(damaged.slice(0, -1))(
    '%s in the store is stale, whatever it claims',
    async (_name, make) => {
      const artifact = await post(makeBars(45, (seed += 1)));
      const { row } = (await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json()) as {
        row: { snapshot_sha256: string };
      };
      const ref = { bucket: BUCKET, key: `made/${artifact}.png` };
      await stack.store.put(ref, make(), {
        contentType: 'image/png',
        metadata: { 'snapshot-sha256': row.snapshot_sha256 },
      });
      await stack.send('PATCH', `/api/artifacts/${artifact}`, {
        image_path: `s3://${BUCKET}/${ref.key}`,
      });
      const verified = await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json();
      expect(verified).toMatchObject({ freshness: 'stale', reason: 'damaged', matches: false });
      const served = await image(artifact);
      expect(served.headers.get('x-chart-freshness')).toBe('regenerated');
    },
  );

  it('what has more pixels than are decoded is unverified, never damaged, whatever it claims', async () => {
    const artifact = await post(makeBars(45, 11));
    const { row } = (await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json()) as {
      row: { snapshot_sha256: string };
    };
    const huge = pngFixture({
      width: 4_001,
      height: 4_000,
      depth: 1,
      colourType: 0,
      raw: Buffer.alloc(502 * 4_000),
    });
    const ref = { bucket: BUCKET, key: `made/${artifact}.png` };
    await stack.store.put(ref, huge, {
      contentType: 'image/png',
      metadata: { 'snapshot-sha256': row.snapshot_sha256 },
    });
    await stack.send('PATCH', `/api/artifacts/${artifact}`, {
      image_path: `s3://${BUCKET}/${ref.key}`,
    });
    expect(await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json()).toMatchObject({
      freshness: 'unverified',
      reason: 'too_large_to_check',
      matches: false,
    });
    const served = await image(artifact);
    expect([served.status, served.headers.get('x-chart-freshness')]).toEqual([200, 'unverified']);
    expect((await upload(huge)).status).toBe(413);
  });
});

it('anonymous callers may have 5 megapixels decoded, others 16', async () => {
  const large = pngFixture({
    width: 2_600,
    height: 2_000,
    depth: 1,
    colourType: 0,
    raw: Buffer.alloc(326 * 2_000),
  });
  const refused = await send(large);
  expect(refused.status).toBe(413);
  expect(((await refused.json()) as { errors: { field: string }[] }).errors[0]?.field).toBe('body');
  const signedIn = await send(large, { authorization: `Bearer ${SERVICE_TOKEN}` });
  expect(signedIn.status).toBe(200);
});
