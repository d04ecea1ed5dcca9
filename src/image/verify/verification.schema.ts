import { z } from '@hono/zod-openapi';
import { FRESHNESS, FRESHNESS_REASONS } from '../assess-freshness.ts';
import { LABEL_STATES, VERDICTS } from './judge-picture.ts';

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
export type LedgerEntry = z.output<typeof ledgerEntry>;

/** `GET /api/artifacts/{id}/verify`. */
export const artifactVerificationSchema = z
  .object({
    artifact_id: z.int(),
    matches: z.boolean().openapi({
      description: 'The stored image is proved, or claims by hash, to show these bars.',
    }),
    freshness: z.enum(FRESHNESS).openapi({
      description:
        'The words of `X-Chart-Freshness`. verified: the bytes that were drawn from these bars. ' +
        'attached: it claims their hash. unverified: nothing is known of it. stale: it is ' +
        'damaged, of other bars or older than them.',
    }),
    reason: z.enum(FRESHNESS_REASONS),
    detail: z.string().openapi({ description: 'The reason in words.' }),
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

const shownBy = z.object({
  artifact_id: z.int(),
  name: z.string(),
  symbol: z.string().nullable(),
  workflow_id: z.string().nullable(),
  execution_id: z.string().nullable(),
  run_id: z.string().nullable(),
  experiment_id: z.string().nullable(),
});
/** An artifact that shows a render. */
export type ShownBy = z.output<typeof shownBy>;

const finding = z.object({ field: z.string(), message: z.string() });

const region = z
  .object({
    x: z.int(),
    y: z.int(),
    width: z.int(),
    height: z.int(),
    pixels: z.int().openapi({ description: 'Changed pixels in it.' }),
    panel: z.string().nullable().openapi({ description: 'A panel, `header` or `time_axis`.' }),
    first_bar: z.string().nullable(),
    last_bar: z.string().nullable(),
  })
  .openapi('ChangedRegion');

/** `POST /api/verify`. */
export const imageVerificationSchema = z
  .object({
    verdict: z.enum(VERDICTS).openapi({
      description:
        'verified: these pixels were drawn here, the label says what the ledger says, and no ' +
        'chunk is there that is not ours. same_pixels: the same pixels, written anew by a ' +
        'program that added nothing a viewer shows. relabelled: our pixels, but the label ' +
        'lies (`label`). altered: other pixels than the claimed render has (`changes`), or ours ' +
        'with a chunk that can make a viewer show something else (`chunks`). unproven: claim and ' +
        'pixels agree, but no ledger row says we drew it. unknown: neither claim nor pixels are known.',
    }),
    detail: z.string(),
    image: z.object({
      width: z.int(),
      height: z.int(),
      byte_size: z.int(),
      sha256: z.string(),
      pixel_sha256: hash.openapi({ description: 'Null for a picture of more than 256 colours.' }),
    }),
    chunks: z.array(z.object({ chunk: z.string(), message: z.string() })).openapi({
      description: 'Chunks that may make a viewer show something else than the pixels.',
    }),
    claims: claims.nullable(),
    label: z
      .object({
        state: z.enum(LABEL_STATES),
        differences: z
          .array(z.object({ field: z.string(), claimed: z.unknown(), actual: z.unknown() }))
          .openapi({ description: 'Fields that the ledger contradicts, with its own values.' }),
        problems: z.array(finding).openapi({ description: 'What no label of ours has.' }),
      })
      .openapi({ description: 'What the label is worth.' }),
    pixels_match_claim: z.boolean().nullable(),
    renders: z
      .array(ledgerEntry)
      .openapi({ description: 'Renders in the ledger with exactly these pixels.' }),
    artifacts: z
      .array(shownBy)
      .openapi({ description: 'Artifacts that show one of these renders.' }),
    claimed: z
      .object({ render: ledgerEntry, artifacts: z.array(shownBy) })
      .nullable()
      .openapi({
        description: 'The render that the label names, when it is not one of `renders`.',
      }),
    changes: z
      .object({
        comparable: z.boolean().openapi({ description: 'False: the picture has another size.' }),
        pixels: z.int().nullable(),
        regions: z.array(region),
        regions_omitted: z.int(),
      })
      .nullable()
      .openapi({
        description:
          'Where an altered picture is not what was drawn, the largest change first. ' +
          'Null when nothing is compared.',
      }),
  })
  .openapi('ImageVerification');
export type ImageVerification = z.output<typeof imageVerificationSchema>;
