import { noArtifact } from '../../artifact/artifact.schema.ts';
import { sha256Hex } from '../../digest.ts';
import { weakTag } from '../../http/entity-tag.ts';
import type { EdgeCache } from '../../storage/edge-cache.ts';
import type { MemoryCache } from '../../storage/memory-cache.ts';
import { pictureOf, type Picture } from '../picture.ts';
import { nothingToDraw, unusableBars } from '../refusals.ts';
import { indicatorsOf, newestBars } from './chart-data.ts';
import type { SnapshotRepository } from './snapshot.repository.ts';

/**
 * Changes with the form of either answer; what is drawn, and so `render_key`, changes with the
 * renderer's version.
 */
export const CHART_DATA_VERSION = 1;
const TTL_SECONDS = 86_400;
/** The newest bars are kept in at most these numbers, and a smaller one is cut from them. */
const KEPT_BARS = [50, 500, 5_000] as const;
const END_OF_BAR = '}'.charCodeAt(0);

/** JSON as bytes with its ETag, or the word that the caller has it already. */
export type ChartAnswer =
  | { readonly kind: 'not_modified'; readonly etag: string }
  | { readonly kind: 'json'; readonly etag: string; readonly bytes: Uint8Array<ArrayBuffer> };

/**
 * What a version of a row shows: enough to find the finished bytes, or to say 304, without the
 * bars.
 */
export interface KnownSnapshot {
  readonly version: string;
  readonly renderKey: string;
  readonly symbol: string;
  readonly barCount: number;
}

export interface ChartAnswerDependencies {
  readonly bucket: string;
  readonly snapshots: SnapshotRepository;
  readonly edge: EdgeCache;
  readonly memory: MemoryCache<KnownSnapshot>;
  /** Work that may outlive the answer. */
  readonly defer: (work: Promise<unknown>) => void;
}

export interface ChartAnswers {
  /** Throws `nothing_to_draw` or `unusable_bars`. */
  indicators(artifactId: number, knows: (etag: string) => boolean): Promise<ChartAnswer>;
  /** Of a row without bars an empty list. Throws `unusable_bars`. */
  marketData(
    artifactId: number,
    limit: number,
    knows: (etag: string) => boolean,
  ): Promise<ChartAnswer>;
}

/**
 * Indicators and market data are functions of the snapshot, its symbol and timeframe, of which
 * `render_key` is the hash: the finished bytes lie at the edge under it. Whether a row still shows
 * that snapshot is always asked of the database.
 */
export function createChartAnswers(deps: ChartAnswerDependencies): ChartAnswers {
  return {
    indicators: (artifactId, knows) =>
      answer(deps, artifactId, knows, {
        nameOf: ({ renderKey }) => `indicators-${CHART_DATA_VERSION}-${renderKey}`,
        etagOf: ({ renderKey }) => weakTag(`indicators-${CHART_DATA_VERSION}-${renderKey}`),
        make: (picture) => encode(indicatorsOf(picture)),
        finish: (_known, bytes) => bytes,
        ofNothing: () => {
          throw nothingToDraw(artifactId, null);
        },
      }),

    marketData: (artifactId, limit, knows) => {
      const countOf = ({ barCount }: KnownSnapshot) => Math.min(limit, barCount);
      const keptOf = (known: KnownSnapshot) =>
        KEPT_BARS.find((kept) => kept >= countOf(known)) ?? KEPT_BARS[2];
      return answer(deps, artifactId, knows, {
        nameOf: (known) => `market-data-${CHART_DATA_VERSION}-${keptOf(known)}-${known.renderKey}`,
        etagOf: (known) =>
          weakTag(`market-data-${CHART_DATA_VERSION}-${countOf(known)}-${known.renderKey}`),
        make: (picture, known) => encode(newestBars(picture, keptOf(known))).slice(1, -1),
        finish: (known, bytes) => wrapBars(known.symbol, countOf(known), bytes),
        ofNothing: (rowSymbol) => encode({ symbol: rowSymbol ?? 'unknown', count: 0, data: [] }),
      });
    },
  };
}

/** One kind of answer: what is kept of it and under which name, and what is sent. */
interface Form {
  nameOf(known: KnownSnapshot): string;
  etagOf(known: KnownSnapshot): string;
  make(picture: Picture, known: KnownSnapshot): Uint8Array<ArrayBuffer>;
  finish(known: KnownSnapshot, kept: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  ofNothing(rowSymbol: string | null): Uint8Array<ArrayBuffer>;
}

async function answer(
  deps: ChartAnswerDependencies,
  artifactId: number,
  knows: (etag: string) => boolean,
  form: Form,
): Promise<ChartAnswer> {
  const pointer = `snapshot-${artifactId}`;
  const version = await deps.snapshots.version(artifactId);
  if (version === null) throw noArtifact(artifactId);
  const remembered = deps.memory.get(pointer) ?? (await deps.edge.getPointer(pointer));
  if (isKnownSnapshot(remembered) && remembered.version === version) {
    deps.memory.set(pointer, remembered);
    const etag = form.etagOf(remembered);
    if (knows(etag)) return { kind: 'not_modified', etag };
    const kept = await deps.edge.getDocument(form.nameOf(remembered));
    if (kept !== null) return { kind: 'json', etag, bytes: form.finish(remembered, kept) };
  }

  const row = await deps.snapshots.read(artifactId);
  if (row === null) throw noArtifact(artifactId);
  const state = await pictureOf(row, deps.bucket);
  if (state.kind === 'unusable') throw unusableBars(state.error);
  if (state.kind === 'absent') return plain(form.ofNothing(row.rowSymbol), knows);
  const { picture } = state;
  const { renderKey, symbol, bars } = picture;
  const known = { version: row.version, renderKey, symbol, barCount: bars.length };
  const etag = form.etagOf(known);
  const name = form.nameOf(known);
  // Another artifact with the same bars may have brought it there.
  const found = await deps.edge.getDocument(name);
  const kept = found ?? form.make(picture, known);
  deps.memory.set(pointer, known);
  deps.defer(
    Promise.all([
      found === null ? deps.edge.putDocument(name, kept, TTL_SECONDS) : null,
      deps.edge.putPointer(pointer, known, TTL_SECONDS),
    ]),
  );
  return knows(etag)
    ? { kind: 'not_modified', etag }
    : { kind: 'json', etag, bytes: form.finish(known, kept) };
}

async function plain(
  bytes: Uint8Array<ArrayBuffer>,
  knows: (etag: string) => boolean,
): Promise<ChartAnswer> {
  const etag = weakTag((await sha256Hex(bytes)).slice(0, 32));
  return knows(etag) ? { kind: 'not_modified', etag } : { kind: 'json', etag, bytes };
}

/**
 * `kept` holds bars after bars, separated by commas. A bar is flat and its date holds no brace, so
 * each `}` ends one.
 */
function wrapBars(
  symbol: string,
  count: number,
  kept: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let end = 0;
  for (let bar = 0; bar < count; bar += 1) end = kept.indexOf(END_OF_BAR, end) + 1;
  const head = new TextEncoder().encode(
    `{"symbol":${JSON.stringify(symbol)},"count":${count},"data":[`,
  );
  const bytes = new Uint8Array(head.byteLength + end + 2);
  bytes.set(head);
  bytes.set(kept.subarray(0, end), head.byteLength);
  bytes.set([0x5d, 0x7d], head.byteLength + end);
  return bytes;
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value)) as Uint8Array<ArrayBuffer>;
}

/** An older version of the Worker may have written what lies in the cache. */
function isKnownSnapshot(value: unknown): value is KnownSnapshot {
  if (typeof value !== 'object' || value === null) return false;
  const { version, renderKey, symbol, barCount } = value as Record<string, unknown>;
  return (
    typeof version === 'string' &&
    typeof renderKey === 'string' &&
    typeof symbol === 'string' &&
    typeof barCount === 'number'
  );
}
