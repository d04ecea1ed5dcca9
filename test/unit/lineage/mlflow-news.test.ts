import { expect, it } from 'vitest';
import { mlflowNews } from '../../../src/lineage/mlflow-news.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';

const down = new UpstreamFailure('down');
const refusal = new UpstreamFailure('no', { isOfThisRequest: true });

it.each<[string, UpstreamFailure | null, boolean, boolean, { problem: string | null } | null]>([
  ['it fails', down, true, false, { problem: 'down' }],
  ['it fails still', down, true, true, { problem: 'down' }],
  ['it works again', null, true, true, { problem: null }],
  ['it takes all but one request, so it works again', refusal, true, true, { problem: null }],
  ['it works as before', null, true, false, null],
  ['it takes all but one request', refusal, true, false, null],
  ['nobody asked whether it works again', null, false, true, null],
  ['nobody asked', null, false, false, null],
])('%s', (_, failure, hasAsked, hasReportedProblem, news) => {
  expect(mlflowNews({ failure, hasAsked }, hasReportedProblem)).toEqual(news);
});
