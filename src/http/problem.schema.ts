import { z } from '@hono/zod-openapi';
import { ERROR_STATUS, type ErrorCode } from '../errors.ts';

/** RFC 9457 problem document, as OpenAPI knows it. */
const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');

/** The `responses` entries of the failures that a route can answer with. */
export function problemResponses<const Code extends ErrorCode>(...codes: Code[]) {
  const entries = codes.map((code) => [
    ERROR_STATUS[code],
    {
      description: codes
        .filter((other) => ERROR_STATUS[other] === ERROR_STATUS[code])
        .map((other) => other.replaceAll('_', ' '))
        .join(', or '),
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  ]);
  return Object.fromEntries(entries) as {
    [C in Code as (typeof ERROR_STATUS)[C]]: {
      description: string;
      content: { 'application/problem+json': { schema: typeof problemSchema } };
    };
  };
}
