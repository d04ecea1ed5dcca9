import { createFlights } from '../concurrency/share-flight.ts';
import type { RowPreconditions } from '../http/preconditions.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Database } from '../storage/database.ts';
import { createArtifactRepository } from './artifact.repository.ts';
import type { ArtifactPatch } from './artifact.schema.ts';
import { createArtifact, type CreatedArtifact, type IdempotentRequest } from './create-artifact.ts';
import { createIdempotencyRepository } from './idempotency.repository.ts';
import type { ArtifactImages } from './image-port.ts';
import { patchArtifact } from './patch-artifact.ts';
import type { PresentArtifact } from './present-port.ts';
import type { NewArtifactRequest } from './read-new-artifact.ts';
import { removeArtifact } from './remove-artifact.ts';

/** Everything that writes a row. */
export interface Artifacts {
  readonly present: PresentArtifact;
  create(request: NewArtifactRequest, repeat: IdempotentRequest): Promise<CreatedArtifact>;
  /** Throws `not_found` or `precondition_failed`, as does `remove`. */
  patch(id: number, patch: ArtifactPatch, wanted: RowPreconditions): Promise<void>;
  remove(id: number, wanted: RowPreconditions): Promise<void>;
}

export function createArtifactRoom(deps: {
  readonly database: Database;
  readonly images: ArtifactImages;
  readonly present: PresentArtifact;
  readonly metrics: Metrics;
  /** Lets work end after the answer to its request. */
  readonly defer: (work: Promise<unknown>) => void;
}): Artifacts {
  const artifacts = createArtifactRepository(deps.database);
  const idempotency = createIdempotencyRepository(deps.database);
  const flights = createFlights({
    defer: deps.defer,
    count: (event) => deps.metrics.count('flight', { of: 'create', event }),
  });
  const writing = { ...deps, artifacts, idempotency, flights };
  return {
    present: deps.present,
    create: (request, repeat) => createArtifact(writing, request, repeat),
    patch: (id, patch, wanted) => patchArtifact(writing, id, patch, wanted),
    remove: (id, wanted) => removeArtifact(writing, id, wanted),
  };
}
