import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { Artifact, ArtifactPatch, NewArtifact } from './artifact.schema.ts';
import type { ArtifactRow, NewArtifactRow } from './artifact.table.ts';

/**
 * What the row itself says, as it goes over the wire; lineage and links are added by those who know
 * them.
 */
export function toWire(row: ArtifactRow): Omit<Artifact, 'lineage' | 'links'> {
  const { artifact_metadata, confidence, created_at, updated_at, ...columns } = row;
  return {
    ...columns,
    confidence: confidence === null ? null : Number(confidence),
    metadata: artifact_metadata,
    created_at: isoTimestamp(created_at),
    updated_at: updated_at === null ? null : isoTimestamp(updated_at),
  };
}

/**
 * What POST or PATCH said, as columns: lengths computed, confidence as a share, `metadata` under
 * its column's name.
 */
export function toColumns(input: NewArtifact): NewArtifactRow;
export function toColumns(input: ArtifactPatch): Partial<NewArtifactRow>;
export function toColumns(input: ArtifactPatch): Partial<NewArtifactRow> {
  const { metadata, confidence, prompt, response, ...columns } = input;
  const row: Partial<NewArtifactRow> = definedOnly(columns);
  if (metadata !== undefined) row.artifact_metadata = metadata;
  if (confidence !== undefined)
    row.confidence = confidence === null ? null : String(asShare(confidence));
  if (prompt !== undefined) Object.assign(row, { prompt, prompt_length: characterCount(prompt) });
  if (response !== undefined)
    Object.assign(row, { response, response_length: characterCount(response) });
  return row;
}

/** 85 is 85 %, 0.85 is 85 % too; 1 is 100 %. */
function asShare(confidence: number): number {
  return confidence > 1 ? confidence / 100 : confidence;
}

function characterCount(text: string | null): number | null {
  return text === null ? null : [...text].length;
}

function definedOnly<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
