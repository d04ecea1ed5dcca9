import { z } from '@hono/zod-openapi';
import { once } from '../http/query.schema.ts';

export const binaryBody = z.string().openapi({ format: 'binary' });

/** What pages and mails append to get past a cache; it changes nothing here. */
const CACHE_BUSTER = /^(?:_|t|ts|cb|utm_.*)$/;

export const imageQuery = z
  .looseObject({
    v: z
      .string(once)
      .optional()
      .openapi({ description: 'The current render key makes the answer immutable for a year.' }),
  })
  .superRefine((query, context) => {
    for (const name of Object.keys(query)) {
      if (name === 'v' || CACHE_BUSTER.test(name)) continue;
      context.addIssue({ code: 'custom', path: [name], message: 'is not known here' });
    }
  });

export const renderKeyParam = z.object({
  render_key: z
    .string()
    .openapi({ param: { name: 'render_key', in: 'path' }, pattern: '^[0-9a-f]{32}$' }),
});
