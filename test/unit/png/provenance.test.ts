import { describe, expect, test } from 'vitest';
import { inspectImage } from '../../../src/image/inspect-image.ts';
import { pngChunk } from '../../../src/png/chunk.ts';
import { provenanceChunk, readProvenance, type Provenance } from '../../../src/png/provenance.ts';
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
