import type { BarsError } from '../bars/parse-bars.ts';
import { AppError } from '../errors.ts';

/** The bars' problems under the names that the row gives them. */
export function unusableBars(error: BarsError): AppError {
  return new AppError('unusable_bars', error.message, {
    fields: error.problems.map(({ field, message }) => ({
      field: `metadata.market_data_snapshot.${field}`,
      message,
    })),
  });
}
