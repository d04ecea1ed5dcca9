import type { Flight, Flights } from '../concurrency/share-flight.ts';
import { AppError, invalidInput } from '../errors.ts';
import type { ArtifactRepository, VersionedRow } from './artifact.repository.ts';
import {
  idempotencyMismatch,
  type IdempotencyClaim,
  type IdempotencyRepository,
} from './idempotency.repository.ts';
import type { ArtifactImages } from './image-port.ts';
import type { NewArtifactRequest } from './read-new-artifact.ts';

export interface CreateDependencies {
  readonly artifacts: ArtifactRepository;
  readonly idempotency: IdempotencyRepository;
  readonly images: Pick<ArtifactImages, 'attach'>;
  readonly flights: CreateFlights;
}

/** Requests of one isolate with the same caller and key share one way to the database. */
export type CreateFlights = Flights<CreatedArtifact, KeyClaim>;

/** Whose request leads, and whether the key is known to stand for it. */
interface KeyClaim {
  readonly sha256: string;
  readonly holds: boolean;
}

/** Whose request, and under which Idempotency-Key. */
export interface IdempotentRequest {
  readonly caller: string;
  readonly key: string | undefined;
}

export interface CreatedArtifact extends VersionedRow {
  /** The same request had been answered before; nothing was written now. */
  readonly replayed: boolean;
}

const IDEMPOTENCY_KEY_MAX_LENGTH = 255;

/**
 * Image first, row second: a row never names an image that is not there. With an Idempotency-Key,
 * once in 24 hours.
 */
export async function createArtifact(
  deps: CreateDependencies,
  request: NewArtifactRequest,
  repeat: IdempotentRequest,
): Promise<CreatedArtifact> {
  if (request.image !== null && request.input.type !== 'chart') {
    throw invalidInput([{ field: 'image', message: 'belongs to artifacts of type "chart" only' }]);
  }
  if (repeat.key === undefined) return { ...(await write(deps, request, null)), replayed: false };
  if (repeat.key === '' || repeat.key.length > IDEMPOTENCY_KEY_MAX_LENGTH) {
    throw invalidInput([
      {
        field: 'Idempotency-Key',
        message: `must have 1 to ${IDEMPOTENCY_KEY_MAX_LENGTH} characters`,
      },
    ]);
  }
  const { caller, key } = repeat;
  return deps.flights.share(JSON.stringify([caller, key]), {
    lead: async (flight) => ({ value: await createOnce(deps, request, { caller, key }, flight) }),
    take: ({ note, settled }, role) => {
      const isMine = note?.sha256 === request.sha256;
      if (note?.holds === true && !isMine) throw idempotencyMismatch();
      if (settled === null) return undefined;
      if (settled.ok)
        return { ...settled.value, replayed: settled.value.replayed || role === 'follower' };
      // The key is not the leader's; it may be ours.
      if (!isMine && codeOf(settled.error) === 'idempotency_mismatch') return undefined;
      throw settled.error;
    },
  });
}

/** Claims the key, and creates or finds what it stands for. */
async function createOnce(
  deps: CreateDependencies,
  request: NewArtifactRequest,
  { caller, key }: IdempotencyClaim,
  flight: Flight<CreatedArtifact, KeyClaim>,
): Promise<CreatedArtifact> {
  const { sha256 } = request;
  flight.tell({ sha256, holds: false });
  const outcome = await deps.idempotency.claim(caller, key, sha256);
  flight.tell({ sha256, holds: true });
  if (outcome.kind === 'done') {
    const found = await deps.artifacts.find(outcome.artifactId);
    if (found === null)
      throw new AppError(
        'not_found',
        `Artifact ${outcome.artifactId} was made by this key and is deleted.`,
      );
    return { row: found.row, version: found.version, replayed: true };
  }
  try {
    return { ...(await write(deps, request, outcome.claim)), replayed: false };
  } catch (error) {
    // The failure is what the caller must hear; a key that cannot be released unlocks itself.
    await deps.idempotency.release(outcome.claim).catch(() => {});
    throw error;
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof AppError ? error.code : null;
}

async function write(
  deps: CreateDependencies,
  { input, image }: NewArtifactRequest,
  claim: IdempotencyClaim | null,
): Promise<VersionedRow> {
  const attached = image === null ? {} : await deps.images.attach(input, image);
  return deps.artifacts.create({ ...input, ...attached }, claim);
}
