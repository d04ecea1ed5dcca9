import type { FieldError } from '../../errors.ts';
import { canonicalText, LABEL_FIELDS, type Label } from '../../png/provenance.ts';
import type { ChunkFinding } from '../../png/structure.ts';
import { isoTimestamp } from '../../storage/iso-timestamp.ts';
import type { ChartRenderRow } from '../ledger/chart-render.table.ts';

export const VERDICTS = [
  'verified',
  'same_pixels',
  'relabelled',
  'altered',
  'unproven',
  'unknown',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export const LABEL_STATES = ['absent', 'consistent', 'contradicted', 'malformed'] as const;
export type LabelState = (typeof LABEL_STATES)[number];

/** A field of the label that the ledger contradicts. */
export interface LabelDifference {
  readonly field: string;
  readonly claimed: unknown;
  readonly actual: unknown;
}

export interface PictureFacts {
  /** Exactly our chunks in our order. */
  readonly isOurForm: boolean;
  /** Chunks that may make a viewer show something else than the pixels. */
  readonly visible: readonly ChunkFinding[];
  /** Null: there is none. */
  readonly label: Label | null;
  /** Null: more than 256 colours, so no picture of ours. */
  readonly pixelSha256: string | null;
  /** Renders with exactly these pixels. */
  readonly byPixels: readonly ChartRenderRow[];
  /** The render that the label names, when the ledger has it. */
  readonly claimed: ChartRenderRow | null;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly detail: string;
  readonly differences: readonly LabelDifference[];
  readonly problems: readonly FieldError[];
}

const NAMED_MAX = 5;

/**
 * The renders of the ledger that a picture shows: those with exactly its pixels. Many may share
 * them, so what the file (`ofFile`) or its label (`claimed`) names comes first, and is never cut
 * off. `found` has these pixels.
 */
export function rendersWith(
  pixelSha256: string | null,
  named: {
    readonly ofFile: ChartRenderRow | null;
    readonly claimed: ChartRenderRow | null;
    readonly found: readonly ChartRenderRow[];
  },
): ChartRenderRow[] {
  const claimed = named.claimed?.pixel_sha256 === pixelSha256 ? named.claimed : null;
  const rows = [named.ofFile, claimed, ...named.found].filter((row) => row !== null);
  return [...new Map(rows.map((row) => [row.render_key, row])).values()];
}

/**
 * What a PNG is, by its pixels, its chunks and its label. The pixels decide; a label is a claim and
 * nothing more.
 */
export function judgePicture(facts: PictureFacts): Judgement {
  const { label, byPixels, claimed, visible, pixelSha256 } = facts;
  const fields = label?.kind === 'read' ? label.fields : null;
  const problems = problemsOf(label);
  const key = fields?.['render_key'];
  const actual = byPixels.find((row) => row.render_key === key) ?? byPixels[0] ?? claimed;
  const differences = fields === null || actual === null ? [] : compareLabel(fields, actual);
  const said = { differences, problems };
  if (byPixels.length > 0) {
    const isLabelRight = problems.length === 0 && differences.length === 0;
    return { ...judgeKnown(facts, isLabelRight, said), ...said };
  }
  if (claimed !== null) {
    const detail = 'The pixels are not those that were drawn for the render that the label names.';
    return { verdict: 'altered', detail, ...said };
  }
  if (label === null) {
    const detail = 'The image carries no label and its pixels are not in the ledger.';
    return { verdict: 'unknown', detail, ...said };
  }
  if (label.kind === 'unreadable' || label.provenance === null) {
    const wrong = sentence(problems);
    const detail = `Its pixels are not in the ledger, and its label is none of ours: ${wrong}.`;
    return { verdict: 'unknown', detail, ...said };
  }
  if (label.provenance.pixel_sha256 !== pixelSha256 || visible.length > 0) {
    const detail =
      visible.length > 0
        ? `${naming(visible)}, and this ledger does not know the render that the label names.`
        : 'The pixels are not those that the label names; this ledger does not know the render.';
    return { verdict: 'altered', detail, ...said };
  }
  const detail = 'Label and pixels agree, but this ledger does not know the render.';
  return { verdict: 'unproven', detail, ...said };
}

function judgeKnown(
  { isOurForm, visible, label }: PictureFacts,
  isLabelRight: boolean,
  said: Pick<Judgement, 'differences' | 'problems'>,
): Pick<Judgement, 'verdict' | 'detail'> {
  if (visible.length > 0) {
    const shown = naming(visible);
    const detail = `The pixels were drawn here, but a viewer may show something else: ${shown}.`;
    return { verdict: 'altered', detail };
  }
  if (!isLabelRight) {
    const fields = new Set([...said.differences, ...said.problems].map(({ field }) => field));
    const detail =
      'The pixels were drawn here, but the label is not the one they were given: ' +
      `${[...fields].join(', ')}.`;
    return { verdict: 'relabelled', detail };
  }
  if (isOurForm) {
    const detail = 'Every pixel is as it was drawn here, from the bars that the label names.';
    return { verdict: 'verified', detail };
  }
  return {
    verdict: 'same_pixels',
    detail:
      label === null
        ? 'Every pixel is as it was drawn here; the label has been removed.'
        : 'Every pixel is as it was drawn here; another program has written the file anew.',
  };
}

/** What the label itself is worth, whatever the pixels are. */
export function labelState(
  label: Label | null,
  { differences, problems }: Pick<Judgement, 'differences' | 'problems'>,
): LabelState {
  if (label === null) return 'absent';
  if (label.kind === 'unreadable' || problems.length > 0) return 'malformed';
  return differences.length > 0 ? 'contradicted' : 'consistent';
}

function problemsOf(label: Label | null): readonly FieldError[] {
  if (label === null) return [];
  return label.kind === 'read' ? label.problems : [{ field: 'label', message: label.reason }];
}

function naming(visible: readonly ChunkFinding[]): string {
  const named = visible.slice(0, NAMED_MAX).map(({ chunk, message }) => `${chunk} ${message}`);
  const more = visible.length - named.length;
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function sentence(problems: readonly FieldError[]): string {
  return problems.map(({ field, message }) => `${field} ${message}`).join('; ');
}

/** The fields of a label that do not say what the ledger says, in the order of a label. */
export function compareLabel(
  fields: Readonly<Record<string, unknown>>,
  row: ChartRenderRow,
): LabelDifference[] {
  const truth: Readonly<Record<string, unknown>> = {
    ...row,
    first_bar: isoInstant(row.first_bar),
    last_bar: isoInstant(row.last_bar),
  };
  return LABEL_FIELDS.flatMap((field) => {
    if (!Object.hasOwn(fields, field)) return [];
    const claimed = fields[field];
    const actual = truth[field];
    return canonicalText({ value: claimed }) === canonicalText({ value: actual })
      ? []
      : [{ field, claimed, actual }];
  });
}

/** As a label writes it: UTC, milliseconds. */
function isoInstant(timestamp: string): string {
  // PostgreSQL's own text of years before 100 is read as another century.
  const time = new Date(isoTimestamp(timestamp));
  return Number.isNaN(time.getTime()) ? timestamp : time.toISOString();
}
