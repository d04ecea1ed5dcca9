import { describe, expect, test } from 'vitest';
import { inspectImage } from '../../../src/image/inspect-image.ts';
import { pngChunk } from '../../../src/png/chunk.ts';
import {
  canonicalText,
  LABEL_FIELDS,
  provenanceChunk,
  readLabel,
  readProvenance,
  type Provenance,
} from '../../../src/png/provenance.ts';
import { jpegFixture, pngFixture } from './png-fixture.ts';

const provenance: Provenance = {
  snapshot_sha256: 'a'.repeat(64),
  render_key: 'b'.repeat(32),
  pixel_sha256: 'c'.repeat(64),
  symbol: 'Сбербанк <&" 中',
  timeframe: '1d',
  bar_count: 200,
  first_bar: '2018-01-02T00:00:00.000Z',
  last_bar: '2018-12-31T00:00:00.000Z',
  spec: { width: 1920, height: 1400, panels: [{ name: 'price', share: 1 }], spacing: 0.03 },
  renderer: 'chartproof-1',
};

function pngWith(...chunks: Uint8Array[]): Uint8Array {
  return pngFixture({ width: 1, height: 1, raw: new Uint8Array(5), chunks });
}

function claiming(json: string | Uint8Array): Uint8Array {
  const text = typeof json === 'string' ? Buffer.from(json) : json;
  return pngWith(
    pngChunk('iTXt', Buffer.concat([Buffer.from('chartproof\0\0\0\0\0', 'latin1'), text])),
  );
}

test('is read as it was written, alone and by inspection', () => {
  const png = pngWith(provenanceChunk(provenance));
  expect(readProvenance(png)).toEqual(provenance);
  expect(inspectImage(png)).toEqual({ kind: 'png', width: 1, height: 1, provenance });
});

test('unknown keys are dropped, not trusted', () => {
  expect(readProvenance(claiming(JSON.stringify({ ...provenance, artifact_id: 7 })))).toEqual(
    provenance,
  );
});

test('nested deeper than any of ours it is unreadable, and nobody has to walk it', () => {
  for (const levels of [20, 1_500, 7_000]) {
    const spec = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const json = JSON.stringify({ ...provenance, spec: 0 });
    expect(readProvenance(claiming(json.replace('"spec":0', '"spec":{}')))).not.toBeNull();
    expect(readProvenance(claiming(json.replace('"spec":0', `"spec":${spec}`)))).toBeNull();
  }
});

describe('is null', () => {
  test.each([
    ['without a chunk', pngWith()],
    [
      'for a text of another program',
      pngWith(pngChunk('iTXt', Buffer.from('Software\0\0\0\0\0x', 'latin1'))),
    ],
    [
      'for another kind of text chunk',
      pngWith(pngChunk('tEXt', Buffer.from(`chartproof\0${JSON.stringify(provenance)}`))),
    ],
    ['for two claims', pngWith(provenanceChunk(provenance), provenanceChunk(provenance))],
    ['for no JSON', claiming('{')],
    ['for bytes that are no UTF-8', claiming(Uint8Array.of(0xc3, 0x28))],
    ['for a list', claiming('[]')],
    ['for null', claiming('null')],
    [
      'for an endless text',
      claiming(JSON.stringify({ ...provenance, spec: { x: 'y'.repeat(20_000) } })),
    ],
    ['for a JPEG', jpegFixture()],
    ['for nothing', new Uint8Array(0)],
  ])('%s', (_, bytes) => expect(readProvenance(bytes)).toBeNull());

  test.each([
    ['snapshot_sha256', 'A'.repeat(64)],
    ['snapshot_sha256', 'a'.repeat(63)],
    ['render_key', 7],
    ['render_key', `${'b'.repeat(31)}\n`],
    ['pixel_sha256', null],
    ['symbol', 'x'.repeat(301)],
    ['timeframe', ['1d']],
    ['bar_count', -1],
    ['bar_count', 1.5],
    ['bar_count', '200'],
    ['first_bar', 0],
    ['spec', 'x'],
    ['renderer', undefined],
  ])('with %s %j', (key, value) => {
    expect(readProvenance(claiming(JSON.stringify({ ...provenance, [key]: value })))).toBeNull();
  });

  test('when the chunk is damaged', () => {
    const png = pngWith(provenanceChunk(provenance));
    png[100] = (png[100] ?? 0) ^ 1;
    expect(readProvenance(png)).toBeNull();
  });
});

describe('a label says what is wrong with it', () => {
  const PREFIX = 'chartproof\0\0\0\0\0';
  const read = (text: string) => readLabel(Buffer.from(PREFIX + text));
  const ours = canonicalText(provenance) ?? '';

  test('nothing, as we write it', () => {
    expect(read(ours)).toEqual({ kind: 'read', fields: provenance, problems: [], provenance });
    expect(LABEL_FIELDS.toSorted()).toEqual(Object.keys(provenance).toSorted());
  });

  test.each([
    ['{', 'the label is not JSON'],
    ['[]', 'the label is not a JSON object'],
    [`{"a":"${'x'.repeat(16_384)}"}`, 'the label is longer than 16384 bytes'],
    [`{"a":${'['.repeat(16)}${']'.repeat(16)}}`, 'the label is nested more than 16 levels deep'],
  ])('%#: it cannot be read', (text, reason) => {
    expect(read(text)).toEqual({ kind: 'unreadable', reason });
  });

  test('it is not in our form', () => {
    const reason = 'the label is not written in the form of ours';
    expect(readLabel(Buffer.from(`chartproof\0\0\0en\0\0${ours}`))).toEqual({
      kind: 'unreadable',
      reason,
    });
  });

  test.each([
    [
      { ...provenance, symbol: 7 },
      [{ field: 'symbol', message: 'must be a text of at most 300 characters' }],
      false,
    ],
    [{ ...provenance, more: 1 }, [{ field: 'more', message: 'is not part of a label' }], true],
    [{}, LABEL_FIELDS.map((field) => ({ field, message: 'is missing' })), false],
  ])('%#: its fields', (fields, problems, hasProvenance) => {
    const label = read(canonicalText(fields) ?? '');
    expect(label).toMatchObject({ kind: 'read', problems });
    expect(label.kind === 'read' && label.provenance !== null).toBe(hasProvenance);
  });

  test.each([
    ['white space', ours.replace('{', '{ ')],
    ['a member twice', ours.replace('{', '{"bar_count":200,')],
    ['another order', JSON.stringify(Object.fromEntries(Object.entries(provenance).toReversed()))],
  ])('two readers could take two things from it: %s', (_, text) => {
    expect(text).not.toBe(ours);
    expect(read(text)).toMatchObject({
      kind: 'read',
      problems: [{ field: 'label', message: 'is not the RFC 8785 text of its fields' }],
      provenance,
    });
  });

  test('at most 20 problems are listed', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x${i}`, i]));
    const label = read(canonicalText(many) ?? '');
    expect(label.kind === 'read' ? label.problems.length : 0).toBe(20);
  });
});
