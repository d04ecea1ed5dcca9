import { describe, expect, it } from 'vitest';
import type { ChartRenderRow } from '../../../../src/image/ledger/chart-render.table.ts';
import {
  compareLabel,
  judgePicture,
  labelState,
  rendersWith,
  VERDICTS,
  type LabelState,
  type PictureFacts,
} from '../../../../src/image/verify/judge-picture.ts';
import type { Label, Provenance } from '../../../../src/png/provenance.ts';

const KEY = 'b'.repeat(32);
const PIXELS = 'c'.repeat(64);
const row = {
  render_key: KEY,
  snapshot_sha256: 'a'.repeat(64),
  png_sha256: 'd'.repeat(64),
  pixel_sha256: PIXELS,
  symbol: 'AAPL',
  timeframe: 'daily',
  bar_count: 200,
  first_bar: '2018-01-02 00:00:00+00',
  last_bar: '2018-10-16 13:30:00.5+02',
  renderer: 'chartproof-2',
  // PostgreSQL keeps the keys of jsonb in an order of its own.
  spec: { width: 1920, height: 1400, panels: [{ share: 0.35, name: 'price' }] },
} as unknown as ChartRenderRow;
const fields = {
  snapshot_sha256: row.snapshot_sha256,
  render_key: KEY,
  pixel_sha256: PIXELS,
  symbol: 'AAPL',
  timeframe: 'daily',
  bar_count: 200,
  first_bar: '2018-01-02T00:00:00.000Z',
  last_bar: '2018-10-16T11:30:00.500Z',
  spec: { panels: [{ name: 'price', share: 0.35 }], height: 1400, width: 1920 },
  renderer: 'chartproof-2',
};
const labelled = (
  more: Record<string, unknown> = {},
  problems: { field: string; message: string }[] = [],
): Label => {
  const all = { ...fields, ...more };
  return {
    kind: 'read',
    fields: all,
    problems,
    provenance: problems.length === 0 ? (all as Provenance) : null,
  };
};
const facts = (more: Partial<PictureFacts> = {}): PictureFacts => ({
  isOurForm: true,
  visible: [],
  label: labelled(),
  pixelSha256: PIXELS,
  byPixels: [row],
  claimed: row,
  ...more,
});
const APNG = [{ chunk: 'fdAT', message: 'holds another frame' }];
const other = { ...row, render_key: 'e'.repeat(32), symbol: 'TSLA' };
const elsewhere = { byPixels: [], claimed: null };

describe('judgePicture', () => {
  it.each<[string, PictureFacts, string]>([
    ['ours, untouched', facts(), 'verified'],
    ['written anew', facts({ isOurForm: false }), 'same_pixels'],
    ['without its label', facts({ isOurForm: false, label: null, claimed: null }), 'same_pixels'],
    ['our pixels under an animation', facts({ isOurForm: false, visible: APNG }), 'altered'],
    [
      'an animation and a lie',
      facts({ visible: APNG, label: labelled({ symbol: 'TSLA' }) }),
      'altered',
    ],
    [
      'the label of another picture',
      facts({ label: labelled({ render_key: other.render_key }), claimed: other }),
      'relabelled',
    ],
    [
      'an unreadable label',
      facts({ label: { kind: 'unreadable', reason: 'no JSON' }, claimed: null }),
      'relabelled',
    ],
    [
      'a label with something more',
      facts({ label: labelled({}, [{ field: 'by', message: 'is not part' }]) }),
      'relabelled',
    ],
    ['one of several renders of the same pixels', facts({ byPixels: [other, row] }), 'verified'],
    ['other pixels, our label', facts({ byPixels: [], pixelSha256: 'f'.repeat(64) }), 'altered'],
    [
      'more colours than ours have, our label',
      facts({ byPixels: [], pixelSha256: null }),
      'altered',
    ],
    ['of another ledger', facts(elsewhere), 'unproven'],
    ['of another ledger, animated', facts({ ...elsewhere, visible: APNG }), 'altered'],
    [
      'of another ledger, other pixels',
      facts({ ...elsewhere, pixelSha256: 'f'.repeat(64) }),
      'altered',
    ],
    ['of another ledger, too many colours', facts({ ...elsewhere, pixelSha256: null }), 'altered'],
    ['nothing known, no label', facts({ ...elsewhere, label: null }), 'unknown'],
    [
      'nothing known, a malformed label',
      facts({ ...elsewhere, label: labelled({}, [{ field: 'render_key', message: 'must be' }]) }),
      'unknown',
    ],
    [
      'nothing known, an unreadable label',
      facts({ ...elsewhere, label: { kind: 'unreadable', reason: 'no JSON' } }),
      'unknown',
    ],
  ])('%s', (_name, given, verdict) => {
    const judgement = judgePicture(given);
    expect(judgement.verdict).toBe(verdict);
    expect(judgement.detail).toMatch(/\.$/);
  });

  it.each(
    Object.entries({
      snapshot_sha256: 'f'.repeat(64),
      render_key: 'f'.repeat(32),
      pixel_sha256: 'f'.repeat(64),
      symbol: 'TSLA',
      timeframe: 'weekly',
      bar_count: 201,
      first_bar: '2018-01-03T00:00:00.000Z',
      last_bar: '2018-10-16T11:30:00.501Z',
      spec: { ...fields.spec, width: 1921 },
      renderer: 'chartproof-9',
    }),
  )('names a forged %s and what is true', (field, forged) => {
    const { verdict, differences, detail } = judgePicture(
      facts({ label: labelled({ [field]: forged }) }),
    );
    expect(verdict).toBe('relabelled');
    expect(detail).toContain(field);
    const actual = (fields as Record<string, unknown>)[field];
    expect(differences).toEqual([{ field, claimed: forged, actual }]);
  });

  it.each([
    '0001-01-01 00:00:00+00',
    '0050-06-30 00:00:00+00',
    '0099-12-31 23:59:59.999+00',
    '9999-12-31 00:00:00+00',
  ])('reads %s of the ledger in its own century', (first_bar) => {
    const honest = `${first_bar.slice(0, 10)}T${first_bar.slice(11, 19)}.${first_bar.includes('.') ? '999' : '000'}Z`;
    const old = { ...row, first_bar };
    const known = { byPixels: [old], claimed: old };
    expect(judgePicture(facts({ ...known, label: labelled({ first_bar: honest }) })).verdict).toBe(
      'verified',
    );
    const forged = labelled({ first_bar: `20${honest.slice(2)}` });
    expect(judgePicture(facts({ ...known, label: forged })).verdict).toBe('relabelled');
  });

  it('names few of many chunks', () => {
    const visible = Array.from({ length: 1_000 }, () => ({
      chunk: 'zzZz',
      message: 'is not known',
    }));
    const { detail } = judgePicture(facts({ visible }));
    expect(detail).toContain('and 995 more');
  });

  it('compares a label also with the render it names when the pixels are others', () => {
    const { verdict, differences } = judgePicture(
      facts({ byPixels: [], pixelSha256: 'f'.repeat(64), label: labelled({ bar_count: 9 }) }),
    );
    expect(verdict).toBe('altered');
    expect(differences).toEqual([{ field: 'bar_count', claimed: 9, actual: 200 }]);
  });
});

describe('the sentences', () => {
  it.each<[string, PictureFacts, string]>([
    ['verified', facts(), 'from the bars that the label names'],
    ['same_pixels', facts({ isOurForm: false }), 'another program has written the file anew'],
    [
      'same_pixels',
      facts({ isOurForm: false, label: null, claimed: null }),
      'the label has been removed',
    ],
    ['altered', facts({ visible: APNG }), 'drawn here, but a viewer may show something else: fdAT'],
    ['altered', facts({ byPixels: [] }), 'not those that were drawn for the render'],
    [
      'altered',
      facts({ ...elsewhere, visible: APNG }),
      'fdAT holds another frame, and this ledger does not know',
    ],
    ['altered', facts({ ...elsewhere, pixelSha256: null }), 'not those that the label names'],
    ['unproven', facts(elsewhere), 'Label and pixels agree'],
    ['unknown', facts({ ...elsewhere, label: null }), 'carries no label'],
    [
      'unknown',
      facts({ ...elsewhere, label: { kind: 'unreadable', reason: 'is no JSON' } }),
      'none of ours: label is no JSON.',
    ],
  ])('%s: %o', (verdict, given, words) => {
    const judgement = judgePicture(given);
    expect(judgement).toMatchObject({ verdict, detail: expect.stringContaining(words) });
    expect(VERDICTS).toContain(judgement.verdict);
  });
});

describe('labelState', () => {
  const problem = { field: 'by', message: 'is not part' };
  const difference = { field: 'symbol', claimed: 'TSLA', actual: 'AAPL' };
  it.each<[Label | null, object, LabelState]>([
    [null, {}, 'absent'],
    [labelled(), {}, 'consistent'],
    [labelled(), { differences: [difference] }, 'contradicted'],
    [labelled(), { problems: [problem] }, 'malformed'],
    [labelled(), { problems: [problem], differences: [difference] }, 'malformed'],
    [{ kind: 'unreadable', reason: 'no JSON' }, {}, 'malformed'],
  ])('%o with %o is %s', (label, said, state) => {
    expect(labelState(label, { differences: [], problems: [], ...said })).toBe(state);
  });
});

describe('rendersWith', () => {
  const third = { ...row, render_key: 'f'.repeat(32) };
  const painted = { ...row, pixel_sha256: 'f'.repeat(64) };
  it.each([
    ['nothing is known', { ofFile: null, claimed: null, found: [] }, []],
    [
      'others have these pixels',
      { ofFile: null, claimed: null, found: [other, row] },
      [other, row],
    ],
    [
      'the label names one of them',
      { ofFile: null, claimed: row, found: [other, third, row] },
      [row, other, third],
    ],
    [
      'the label names one that was cut off',
      { ofFile: null, claimed: row, found: [other] },
      [row, other],
    ],
    [
      'the label names a render of other pixels',
      { ofFile: null, claimed: painted, found: [other] },
      [other],
    ],
    [
      'the file is known, its label is another’s',
      { ofFile: third, claimed: row, found: [third, row, other] },
      [third, row, other],
    ],
  ])('when %s', (_name, named, shown) => {
    expect(rendersWith(PIXELS, named)).toEqual(shown);
  });

  it('shows none for a picture that can have no pixel hash', () => {
    expect(rendersWith(null, { ofFile: null, claimed: row, found: [] })).toEqual([]);
  });
});

describe('compareLabel', () => {
  it('says nothing of fields that the label does not have, or that are none of a label', () => {
    expect(compareLabel({}, row)).toEqual([]);
    expect(compareLabel({ by: 'somebody', symbol: 'AAPL' }, row)).toEqual([]);
  });

  it('goes by the order of a label', () => {
    const differences = compareLabel({ symbol: 'X', render_key: 'Y' }, row);
    expect(differences.map(({ field }) => field)).toEqual(['render_key', 'symbol']);
  });
});
