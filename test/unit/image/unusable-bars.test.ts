import { expect, it } from 'vitest';
import { BarsError } from '../../../src/bars/parse-bars.ts';
import { barProblems, unusableBars } from '../../../src/image/unusable-bars.ts';

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
