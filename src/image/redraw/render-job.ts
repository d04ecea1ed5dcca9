import type { ErrorCode } from '../../errors.ts';
import type { RenderReason } from '../ledger/shown-render.repository.ts';
import type { Picture } from '../picture.ts';

/** One artifact's wish for a picture. */
export interface RenderJob {
  readonly artifactId: number;
  readonly picture: Picture;
  readonly reason: RenderReason;
  readonly fingerprint: string;
  /** False when the caller has just seen the store fail: draw, hand out, write nothing. */
  readonly useStore: boolean;
}

/** Failures cross the RPC boundary as values, because errors lose their class on it. */
export type RenderAnswer =
  | {
      readonly ok: true;
      readonly png: Uint8Array<ArrayBuffer>;
      readonly drawn: boolean;
      readonly stored: boolean;
    }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryAfterSeconds?: number;
    };

/** The gate as its callers see it, local or over RPC. */
export interface RenderGate {
  render(job: RenderJob): Promise<RenderAnswer>;
}
