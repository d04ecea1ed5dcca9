import { z } from '@hono/zod-openapi';
import { limitParameter } from '../../http/query.schema.ts';

const nullableNumbers = z.array(z.number().nullable());

/** Every series is as long as `dates`, null where it has no value, unrounded. */
export const indicatorsSchema = z
  .object({
    symbol: z.string(),
    timeframe: z.string(),
    bar_count: z.int(),
    dates: z.array(z.string()),
    series: z.record(z.string(), nullableNumbers),
    stats: z.record(
      z.string(),
      z.object({
        latest: z.number().nullable(),
        max: z.number().nullable(),
        min: z.number().nullable(),
        average: z.number().nullable(),
        median: z.number().nullable(),
      }),
    ),
    description: z
      .string()
      .openapi({ description: 'The chart in words, for people who cannot see it.' }),
  })
  .openapi('Indicators');

export const MARKET_DATA_LIMIT_DEFAULT = 50;

export const marketDataQuery = z.strictObject({
  limit: limitParameter(MARKET_DATA_LIMIT_DEFAULT, 5_000, 'How many bars `data` has at most.'),
});

export const marketDataSchema = z
  .object({
    symbol: z.string(),
    count: z.int().openapi({ description: 'How many bars `data` holds.' }),
    data: z
      .array(
        z.object({
          date: z.string(),
          open: z.number(),
          high: z.number(),
          low: z.number(),
          close: z.number(),
          volume: z.number().nullable().openapi({ description: 'Null: the bar has none.' }),
        }),
      )
      .openapi({ description: 'Newest first.' }),
  })
  .openapi('MarketData');
