import type { BarsError } from '../bars/parse-bars.ts';
import { AppError, type FieldError } from '../errors.ts';

/** Answers to who wants what an artifact does not have. */
export function notAChart(artifactId: number, type: string): AppError {
  const is = `Artifact ${artifactId} is of type "${type}"`;
  return new AppError('not_a_chart', `${is}; only charts have images.`);
}

/** `detail`: why there is no image either; null where none was asked for. */
export function nothingToDraw(artifactId: number, detail: string | null): AppError {
  const bars = 'metadata.market_data_snapshot.bars';
  const what =
    detail === null
      ? `no bars (${bars})`
      : `no image (${detail}) and no bars to draw one from (${bars})`;
  return new AppError('nothing_to_draw', `Artifact ${artifactId} has ${what}.`);
}

export function unusableBars(error: BarsError): AppError {
  return new AppError('unusable_bars', error.message, { fields: barProblems(error) });
}

/** The bars' problems under the names that the row gives them. */
export function barProblems({ problems }: BarsError): FieldError[] {
  return problems.map(({ field, message }) => ({
    field: `metadata.market_data_snapshot.${field}`,
    message,
  }));
}
