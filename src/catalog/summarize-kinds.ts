import { compareTimestamps } from '../storage/iso-timestamp.ts';

/**
 * How many artifacts of one type and symbol there are. Times are PostgreSQL's text, in any zone.
 */
export interface ArtifactKind {
  readonly type: string;
  readonly symbol: string | null;
  readonly n: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface KindsSummary {
  readonly counts: Readonly<Record<string, number>>;
  /** Sorted; nothing of artifacts without one. */
  readonly symbols: readonly string[];
  readonly firstAt: string;
  readonly lastAt: string;
}

/** What a group has, from its kinds, of which there is at least one. */
export function summarizeKinds(kinds: readonly ArtifactKind[]): KindsSummary {
  const counts = new Map<string, number>();
  for (const { type, n } of kinds) counts.set(type, (counts.get(type) ?? 0) + n);
  const symbols = new Set(
    kinds.flatMap(({ symbol }) => (symbol === null || symbol === '' ? [] : [symbol])),
  );
  return {
    counts: Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    symbols: [...symbols].toSorted(),
    firstAt: kinds.map(({ firstAt }) => firstAt).toSorted(compareTimestamps)[0] ?? '',
    lastAt:
      kinds
        .map(({ lastAt }) => lastAt)
        .toSorted(compareTimestamps)
        .at(-1) ?? '',
  };
}
