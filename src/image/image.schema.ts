import { z } from '@hono/zod-openapi';

export const binaryBody = z.string().openapi({ format: 'binary' });

export const imageQuery = z.object({
  v: z
    .string()
    .optional()
    .openapi({ description: 'The current render key makes the answer immutable for a year.' }),
});

const nullableNumbers = z.array(z.number().nullable());

/** Every series is as long as `dates`, null before its first value, unrounded. */
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
    description: z.string().openapi({ description: 'The chart in words, for people who cannot see it.' }),
  })
  .openapi('Indicators');

export const MARKET_DATA_LIMIT_DEFAULT = 50;

export const marketDataQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(5_000).default(MARKET_DATA_LIMIT_DEFAULT),
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
          volume: z.number(),
        }),
      )
      .openapi({ description: 'Newest first.' }),
  })
  .openapi('MarketData');

const hash = z.string().nullable();

const claims = z
  .object({
    snapshot_sha256: z.string(),
    render_key: z.string(),
    pixel_sha256: z.string(),
    symbol: z.string(),
    timeframe: z.string(),
    bar_count: z.int(),
    first_bar: z.string(),
    last_bar: z.string(),
    renderer: z.string(),
    spec: z.unknown(),
  })
  .openapi('Provenance', { description: 'What the PNG says of itself in its `chartproof` chunk.' });

const ledgerEntry = z
  .object({
    render_key: z.string(),
    snapshot_sha256: z.string(),
    png_sha256: z.string(),
    pixel_sha256: z.string(),
    symbol: z.string(),
    timeframe: z.string(),
    bar_count: z.int(),
    first_bar: z.string(),
    last_bar: z.string(),
    renderer: z.string(),
    created_at: z.string(),
  })
  .openapi('LedgerEntry');

/** `GET /api/artifacts/{id}/verify`. */
export const artifactVerificationSchema = z
  .object({
    artifact_id: z.int(),
    matches: z
      .boolean()
      .openapi({ description: 'The stored image is proved, or claims by hash, to show these bars.' }),
    freshness: z.enum(['rendered', 'attached', 'unverified', 'stale', 'missing']),
    reason: z.string(),
    row: z.object({
      stored_url: z.string().nullable(),
      bars: z.enum(['usable', 'absent', 'unusable']),
      problems: z.array(z.object({ field: z.string(), message: z.string() })),
      bar_count: z.int().nullable(),
      snapshot_sha256: hash,
      render_key: hash,
      fetched_at: z.string().nullable(),
    }),
    object: z
      .object({
        bucket: z.string(),
        key: z.string(),
        kind: z.enum(['png', 'jpeg', 'broken']),
        width: z.int().nullable(),
        height: z.int().nullable(),
        byte_size: z.int(),
        etag: z.string(),
        last_modified: z.string().nullable(),
        sha256: z.string(),
        metadata_snapshot_sha256: hash,
        claims: claims.nullable(),
        pixel_sha256: hash.openapi({
          description: 'Computed from the pixels; null when the object is no readable PNG.',
        }),
        pixels_match_claim: z.boolean().nullable(),
      })
      .nullable(),
    ledger: ledgerEntry.nullable(),
  })
  .openapi('ArtifactVerification');
export type ArtifactVerification = z.output<typeof artifactVerificationSchema>;

/** `POST /api/verify`. */
export const imageVerificationSchema = z
  .object({
    verdict: z.enum(['verified', 'altered', 'relabelled', 'unproven', 'unknown']).openapi({
      description:
        'verified: these pixels were drawn here. altered: the image claims a render, but its pixels are others. relabelled: the ' +
        'pixels were drawn here, the label is another’s. unproven: claim and pixels agree, but no ledger row says we drew it. ' +
        'unknown: neither claim nor pixels are known.',
    }),
    detail: z.string(),
    image: z.object({
      width: z.int(),
      height: z.int(),
      byte_size: z.int(),
      sha256: z.string(),
      pixel_sha256: z.string().nullable(),
    }),
    claims: claims.nullable(),
    pixels_match_claim: z.boolean().nullable(),
    renders: z
      .array(ledgerEntry)
      .openapi({ description: 'Renders in the ledger with exactly these pixels.' }),
    artifacts: z
      .array(
        z.object({
          artifact_id: z.int(),
          name: z.string(),
          symbol: z.string().nullable(),
          workflow_id: z.string().nullable(),
          execution_id: z.string().nullable(),
          run_id: z.string().nullable(),
          experiment_id: z.string().nullable(),
        }),
      )
      .openapi({ description: 'Artifacts that show one of these renders.' }),
  })
  .openapi('ImageVerification');
export type ImageVerification = z.output<typeof imageVerificationSchema>;
