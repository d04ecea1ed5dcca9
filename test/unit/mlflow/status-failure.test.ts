import { expect, it } from 'vitest';
import { statusFailure } from '../../../src/mlflow/status-failure.ts';

it.each<[number, string, string | null, RegExp, boolean, number]>([
  [401, '<h1>no</h1>', null, /credentials \(401\).*MLFLOW_USERNAME/, false, 5_000],
  [403, 'Invalid Host header', null, /--allowed-hosts/, false, 5_000],
  [403, 'Permission denied', null, /does not permit this account/, false, 5_000],
  [403, '{}', 'PERMISSION_DENIED', /does not permit this account/, true, 5_000],
  [429, '', null, /too many requests/, false, 30_000],
  [500, '', null, /cannot answer now \(500\)/, false, 30_000],
  [503, '{}', 'TEMPORARILY_UNAVAILABLE', /cannot answer now \(503\)/, false, 30_000],
  [302, '', null, /redirects.*not followed \(302\)/, false, 5_000],
  [404, '<h1>Not Found</h1>', null, /no MLflow API at MLFLOW_TRACKING_URI/, false, 5_000],
  [400, '{}', 'INVALID_PARAMETER_VALUE', /refused the request \(400\)/, true, 5_000],
  [400, 'what?', null, /refused the request \(400\)/, false, 5_000],
])('%d %j (%s)', (status, text, code, message, isOfThisRequest, retryAfterMs) => {
  const response = new Response(null, { status, headers: { 'retry-after': '30' } });
  const failure = statusFailure(response, text, code, 0);
  expect(failure.message).toMatch(message);
  expect(failure).toMatchObject({ isOfThisRequest, retryAfterMs });
});
