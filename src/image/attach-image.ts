import type { ArtifactImages } from '../artifact/image-port.ts';
import { barsOf } from '../bars/parse-bars.ts';
import { snapshotHash } from '../bars/snapshot-hash.ts';
import { sha256Hex } from '../digest.ts';
import { AppError, invalidInput } from '../errors.ts';
import { objectUrl } from '../storage/object-ref.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { checkFile } from './check-file.ts';
import { SNAPSHOT_METADATA } from './object-metadata.ts';
import { chartFolder } from './picture.ts';
import type { ScanFile } from './scan-file.ts';

export interface AttachDependencies {
  readonly scanFile: ScanFile;
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly publicEndpoint: string;
}

/**
 * Stores an uploaded PNG or JPEG, after it was decoded whole, with the hash of the bars it came
 * with. The key is made from both, so that the same picture uploaded with other bars is another
 * object and cannot change what the first one claims.
 */
export function createAttachImage(deps: AttachDependencies): ArtifactImages['attach'] {
  return async (input, image) => {
    const imageSha256 = await sha256Hex(image);
    const { inspection, tooLarge } = await checkFile(deps.scanFile, image, imageSha256);
    if (inspection.kind === 'broken') {
      throw invalidInput([
        { field: 'image', message: `is not an intact PNG or JPEG: ${inspection.reason}` },
      ]);
    }
    if (tooLarge !== null) {
      throw new AppError('payload_too_large', `The image is too large: ${tooLarge}.`, {
        fields: [{ field: 'image', message: tooLarge }],
      });
    }
    const snapshot = snapshotOf(input.metadata);
    const bars = barsOf(snapshot);
    const snapshotSha256 = bars.kind === 'usable' ? await snapshotHash(bars.bars) : null;
    const identity = await sha256Hex(`${imageSha256} ${snapshotSha256 ?? 'no bars'}`);
    const folder = chartFolder({
      symbol: firstText(snapshot?.['symbol'], input.symbol),
      timeframe: firstText(snapshot?.['timeframe'], input.chart_data?.['timeframe']),
    });
    const extension = inspection.kind === 'jpeg' ? 'jpg' : 'png';
    const ref = {
      bucket: deps.bucket,
      key: `${folder}/attached-${identity.slice(0, 32)}.${extension}`,
    };
    await deps.store.put(ref, image, {
      contentType: inspection.kind === 'jpeg' ? 'image/jpeg' : 'image/png',
      metadata: snapshotSha256 === null ? {} : { [SNAPSHOT_METADATA]: snapshotSha256 },
    });
    const url = objectUrl(deps.publicEndpoint, ref);
    return { chart_data: { ...input.chart_data, minio_url: url }, image_path: url };
  };
}

function snapshotOf(metadata: unknown): Record<string, unknown> | undefined {
  const snapshot = asRecord(metadata)?.['market_data_snapshot'];
  return asRecord(snapshot);
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : undefined;
}

function firstText(...values: unknown[]): string {
  const text = values.find((value) => typeof value === 'string' && value.trim() !== '');
  return typeof text === 'string' ? text : 'unknown';
}
