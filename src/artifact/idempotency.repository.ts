import { and, eq, sql } from 'drizzle-orm';
import { AppError } from '../errors.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { idempotencyKeyTable } from './idempotency-key.table.ts';

/**
 * This request owns this key of this caller until it is completed, released or its lock runs out.
 */
export interface IdempotencyClaim {
  readonly caller: string;
  readonly key: string;
}

/** `claimed`: go on. `done`: it was answered before, with this artifact. */
export type IdempotencyOutcome =
  | { readonly kind: 'claimed'; readonly claim: IdempotencyClaim }
  | { readonly kind: 'done'; readonly artifactId: number };

export interface IdempotencyRepository {
  /**
   * Claims `key` for a request with this hash. Throws `idempotency_mismatch` (422) when the key
   * stands for another request, `idempotency_conflict` (409) while the same one is still running.
   * Keys are kept 24 hours.
   */
  claim(caller: string, key: string, requestSha256: string): Promise<IdempotencyOutcome>;
  /** Gives the key back after a failure, so that a retry may do the work. */
  release(claim: IdempotencyClaim): Promise<void>;
}

const KEPT_FOR = sql`interval '24 hours'`;
/** Longer than any request lives; after it a crashed one no longer blocks its retry. */
const LOCKED_FOR = sql`interval '60 seconds'`;

export function idempotencyMismatch(): AppError {
  return new AppError(
    'idempotency_mismatch',
    'This Idempotency-Key was used for a different request.',
    {
      fields: [{ field: 'Idempotency-Key', message: 'use a new key for a new request' }],
    },
  );
}

export function createIdempotencyRepository(database: Database): IdempotencyRepository {
  const table = idempotencyKeyTable;
  const isKey = (caller: string, key: string) => and(eq(table.caller, caller), eq(table.key, key));

  return {
    claim: (caller, key, requestSha256) =>
      guarded('idempotency.claim', async () => {
        const fresh = {
          request_sha256: requestSha256,
          status: 'running' as const,
          artifact_id: null,
          locked_until: sql`now() + ${LOCKED_FOR}`,
          created_at: sql`now()`,
        };
        const [claimed] = await database
          .insert(table)
          .values({ caller, key, ...fresh })
          .onConflictDoUpdate({
            target: [table.caller, table.key],
            set: fresh,
            setWhere: sql`${table.created_at} < now() - ${KEPT_FOR} or (${table.status} = 'running'
              and ${table.locked_until} < now() and ${table.request_sha256} = ${requestSha256})`,
          })
          .returning({ key: table.key });
        if (claimed !== undefined) return { kind: 'claimed', claim: { caller, key } };

        const [existing] = await database.select().from(table).where(isKey(caller, key));
        if (existing !== undefined && existing.request_sha256 !== requestSha256) {
          throw idempotencyMismatch();
        }
        if (existing?.status === 'done' && existing.artifact_id !== null) {
          return { kind: 'done', artifactId: existing.artifact_id };
        }
        throw new AppError(
          'idempotency_conflict',
          'The first request with this Idempotency-Key is still running.',
          {
            retryAfterSeconds: 2,
          },
        );
      }),

    release: (claim) =>
      guarded('idempotency.release', async () => {
        await database
          .delete(table)
          .where(and(isKey(claim.caller, claim.key), eq(table.status, 'running')));
      }),
  };
}
