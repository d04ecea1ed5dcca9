import { describe, expect, it } from 'vitest';
import type { ArtifactRow } from '../../../src/artifact/artifact.table.ts';
import {
  deriveLineage,
  overlay,
  unlinkedReason,
  type ArtifactRecord,
  type RememberedLookup,
} from '../../../src/lineage/derive-lineage.ts';

const rowOf = (more: Partial<ArtifactRow>) =>
  ({
    id: 1,
    run_id: null,
    experiment_id: null,
    execution_id: 'e',
    updated_at: null,
    ...more,
  }) as ArtifactRow;
const lookupOf = (more: Partial<RememberedLookup>): RememberedLookup => ({
  status: 'pending',
  reason: 'not yet',
  airflow_dag_id: null,
  airflow_run_id: null,
  attempts: 1,
  checked_at: '2026-01-05 12:00:00+00',
  next_check_at: null,
  ...more,
});
const CHECKED = '2026-01-05T12:00:00+00:00';

describe('what an artifact says of its lineage', () => {
  const linked = { run_id: 'r', experiment_id: '1' };
  it.each<[string, ArtifactRecord, string | null, object]>([
    [
      'it has both',
      { row: rowOf(linked), lookup: null },
      null,
      { status: 'linked', source: 'stored', reason: null, checked_at: null },
    ],
    [
      'both, and no MLflow',
      { row: rowOf(linked), lookup: null },
      'not configured',
      { status: 'linked' },
    ],
    [
      'nothing to ask by',
      { row: rowOf({ execution_id: null }), lookup: null },
      null,
      {
        status: 'unresolved',
        source: null,
        reason: 'The artifact names no execution_id, so no run can be looked for.',
      },
    ],
    [
      'never asked',
      { row: rowOf({}), lookup: null },
      null,
      {
        status: 'pending',
        source: null,
        reason: 'MLflow has not been asked yet.',
        checked_at: null,
      },
    ],
    [
      'asked in vain',
      { row: rowOf({}), lookup: lookupOf({}) },
      null,
      { status: 'pending', reason: 'not yet', checked_at: CHECKED },
    ],
    [
      'nobody to ask',
      { row: rowOf({}), lookup: lookupOf({}) },
      'not configured',
      { status: 'unavailable', reason: 'not configured' },
    ],
    [
      'a run alone',
      { row: rowOf({ run_id: 'r' }), lookup: null },
      null,
      { status: 'pending', source: 'stored' },
    ],
    [
      'a run alone, what is remembered is of its links',
      { row: rowOf({ run_id: 'r' }), lookup: lookupOf({ status: 'linked', reason: 'old' }) },
      null,
      { status: 'pending', reason: 'MLflow has not been asked yet.' },
    ],
  ])('%s', (_, record, problem, lineage) => {
    expect(deriveLineage(record, problem)).toMatchObject(lineage);
  });
});

describe('what was read back lies over what was in hand', () => {
  const row = rowOf({});
  const record = { row, lookup: null };

  it('keeps the row where nothing of it changed, with what is remembered now', () => {
    const { id, run_id, experiment_id, updated_at } = row;
    const lookup = lookupOf({});
    const now = overlay(record, { row: { id, run_id, experiment_id, updated_at }, lookup });
    expect(now.row).toBe(row);
    expect(now.lookup).toBe(lookup);
  });

  it.each<[string, Partial<ArtifactRow>]>([
    ['a run', { run_id: 'r', experiment_id: '1', updated_at: 'now' }],
    ['an experiment', { experiment_id: '1' }],
    ['a write of somebody else', { updated_at: 'now' }],
  ])('shows %s', (_, more) => {
    const now = overlay(record, { row: { ...rowOf(more) }, lookup: null });
    expect(now.row).toEqual(rowOf(more));
    expect(now.row).not.toBe(row);
  });

  it('leaves what nobody read again', () => {
    expect(overlay(record, undefined)).toBe(record);
  });
});

describe('why an artifact is not linked', () => {
  const NAMELESS = 'The artifact names no execution_id, so no run can be looked for.';
  it.each<[string, Parameters<typeof unlinkedReason>[0], string | null, string]>([
    [
      'nobody has asked',
      { run_id: null, execution_id: 'e', lookupReason: null },
      null,
      'MLflow has not been asked yet.',
    ],
    ['as recorded', { run_id: null, execution_id: 'e', lookupReason: 'not yet' }, null, 'not yet'],
    [
      'nobody can ask, whatever was recorded',
      { run_id: null, execution_id: 'e', lookupReason: 'not yet' },
      'not configured',
      'not configured',
    ],
    [
      'no name',
      { run_id: null, execution_id: null, lookupReason: 'x' },
      'not configured',
      NAMELESS,
    ],
    ['an empty name', { run_id: null, execution_id: '', lookupReason: null }, null, NAMELESS],
    [
      'a run without experiment',
      { run_id: 'r', execution_id: null, lookupReason: 'not yet' },
      null,
      'not yet',
    ],
  ])('%s', (_, of, mlflowProblem, reason) => {
    expect(unlinkedReason(of, mlflowProblem)).toBe(reason);
  });
});
