import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { pngChunk } from '../../src/png/chunk.ts';
import { makeBars } from '../support/bars.ts';
import { bytesOf, image, postChart, sendPng, verify } from '../support/picture-calls.ts';
import {
  chunksOf,
  insertBefore,
  labelOf,
  relabel,
  repaint,
  rewrite,
  withLabelText,
} from '../support/png-forgery.ts';
import { BUCKET, SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';
import { pngFixture } from '../unit/png/png-fixture.ts';

const BARS = makeBars(60, 4_711);
const OTHER_BARS = makeBars(70, 4_712);
let stack: Stack;
let id: number;
let otherId: number;
let png: Uint8Array<ArrayBuffer>;
let otherPng: Uint8Array<ArrayBuffer>;
let key: string;

beforeAll(async () => {
  stack = await startStack();
  id = await postChart(stack, BARS);
  otherId = await postChart(stack, OTHER_BARS);
  png = await bytesOf(await image(stack, id));
  otherPng = await bytesOf(await image(stack, otherId));
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
    expect(await verify(stack, png)).toMatchObject({
      verdict: 'verified',
      label: { state: 'consistent', differences: [], problems: [] },
      artifacts: [{ artifact_id: id }],
      claimed: null,
      changes: null,
    });
    const deflated = repaint(png, () => {});
    expect(deflated).not.toEqual(png);
    expect(await verify(stack, deflated)).toMatchObject({ verdict: 'verified', chunks: [] });
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
    expect(await verify(stack, change(png))).toMatchObject({
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
    const found = await verify(stack, forge(png));
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
    expect(await verify(stack, relabel(png, { [field]: forged }))).toMatchObject({
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
    expect(await verify(stack, relabel(png, { [field]: value }))).toMatchObject({
      verdict: 'relabelled',
      label: { state: 'malformed', problems: [{ field }] },
    });
  });

  it('that says one thing to one reader and another to the next is malformed', async () => {
    const text = JSON.stringify(labelOf(png)).replace('{', '{"symbol":"TSLA",');
    expect(await verify(stack, withLabelText(png, text))).toMatchObject({
      verdict: 'relabelled',
      label: { state: 'malformed', problems: [{ field: 'label' }] },
    });
  });

  it('of a render that exists is held against both', async () => {
    const label = chunksOf(otherPng).find(({ type }) => type === 'iTXt')?.data ?? new Uint8Array();
    const found = await verify(
      stack,
      rewrite(png, 'iTXt', () => label),
    );
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
    files.push(await bytesOf(await image(stack, await postChart(stack, almost))));
  }
  const verdicts = [];
  for (const file of files) verdicts.push((await verify(stack, file)).verdict);
  expect(new Set(verdicts)).toEqual(new Set(['verified']));
  const last = files.at(-1) ?? png;
  expect(
    await verify(
      stack,
      repaint(last, () => {}),
    ),
  ).toMatchObject({ verdict: 'verified' });
});

it('a label that nobody could walk through is malformed, not an error', async () => {
  const spec = `${'['.repeat(7_000)}${']'.repeat(7_000)}`;
  const text = JSON.stringify(labelOf(png)).replace(/"spec":\{/, `"spec":{"z":${spec},`);
  expect(await verify(stack, withLabelText(png, text))).toMatchObject({
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
    const found = await verify(stack, painted());
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
    expect(await verify(stack, painted())).toMatchObject({
      verdict: 'altered',
      changes: { comparable: true },
    });
  });

  it('of another size cannot be compared', async () => {
    const small = relabelled(
      pngFixture({ width: 3, height: 2, colourType: 0, raw: Buffer.alloc(8) }),
      png,
    );
    expect(await verify(stack, small)).toMatchObject({
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

it('anonymous callers may have 5 megapixels decoded, others 16', async () => {
  const large = pngFixture({
    width: 2_600,
    height: 2_000,
    depth: 1,
    colourType: 0,
    raw: Buffer.alloc(326 * 2_000),
  });
  const refused = await sendPng(stack, large);
  expect(refused.status).toBe(413);
  expect(((await refused.json()) as { errors: { field: string }[] }).errors[0]?.field).toBe('body');
  const signedIn = await sendPng(stack, large, { authorization: `Bearer ${SERVICE_TOKEN}` });
  expect(signedIn.status).toBe(200);
});
