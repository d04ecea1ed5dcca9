import type { BarsError } from '../bars/parse-bars.ts';
import { AppError, type FieldError } from '../errors.ts';

/** The bars' problems under the names that the row gives them. */
export function barProblems({ problems }: BarsError): FieldError[] {
  return problems.map(({ field, message }) => ({
    field: `metadata.market_data_snapshot.${field}`,
    message,
  }));
}

/** The answer to who wants what these bars cannot give. */
export function unusableBars(error: BarsError): AppError {
  return new AppError('unusable_bars', error.message, { fields: barProblems(error) });
}
