import { expect, it } from 'vitest';
import { noArtifact } from '../../../src/artifact/artifact.schema.ts';
import { BarsError } from '../../../src/bars/parse-bars.ts';
import {
  barProblems,
  notAChart,
  nothingToDraw,
  unusableBars,
} from '../../../src/image/refusals.ts';

const error = new BarsError([
  { field: 'bars[3].high', message: 'is below low' },
  { field: 'bars', message: 'must be an array of bars' },
]);

it('names the fields as the row does', () => {
  const fields = [
    { field: 'metadata.market_data_snapshot.bars[3].high', message: 'is below low' },
    { field: 'metadata.market_data_snapshot.bars', message: 'must be an array of bars' },
  ];
  expect(barProblems(error)).toEqual(fields);
  expect(unusableBars(error)).toMatchObject({ code: 'unusable_bars', status: 422, fields });
  expect(unusableBars(error).message).toBe(error.message);
});

it.each([
  [noArtifact(7), 'not_found', 404, 'There is no artifact 7.'],
  [
    notAChart(7, 'signal'),
    'not_a_chart',
    400,
    'Artifact 7 is of type "signal"; only charts have images.',
  ],
  [
    nothingToDraw(7, null),
    'nothing_to_draw',
    409,
    'Artifact 7 has no bars (metadata.market_data_snapshot.bars).',
  ],
  [
    nothingToDraw(7, 'the row names no image'),
    'nothing_to_draw',
    409,
    'Artifact 7 has no image (the row names no image) and no bars to draw one from ' +
      '(metadata.market_data_snapshot.bars).',
  ],
])('%s', (refusal, code, status, message) => {
  expect(refusal).toMatchObject({ code, status, message });
});
