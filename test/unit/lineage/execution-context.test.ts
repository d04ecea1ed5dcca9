import { describe, expect, it } from 'vitest';
import { contextOf, siblingRun, type SiblingRow } from '../../../src/lineage/execution-context.ts';
import { DATE, execution } from './samples.ts';

const row = (workflow: string, executionId: string, runId: string | null = null): SiblingRow => ({
  workflow,
  executionId,
  runId,
  experimentId: null,
});
const MANUAL = 'manual__2025-11-15T13:54:31+00:00';

describe('what our own rows tell of an execution', () => {
  const rows = [
    row('w', DATE),
    row('w', '2025-11-15T13:54:31Z', 'r1'),
    row('w', MANUAL, 'r2'),
    row('v', DATE, 'r3'),
    row('d', DATE),
    row('', DATE),
    row('w', '2025-11-16 13:54:31+00:00', 'r4'),
    row('u', '2025-11-16 13:54:31+00:00', 'r5'),
  ];

  it('siblings are of its workflow and of its kind; others are of its instant', () => {
    const { siblings, otherWorkflows } = contextOf(execution(DATE, 'w', 'd'), rows, []);
    expect(siblings).toEqual([rows[0], rows[1]]);
    expect(otherWorkflows).toEqual(['v']);
  });

  it('a run id is no sibling of an instant', () => {
    expect(contextOf(execution(MANUAL, 'w'), rows, []).siblings).toEqual([rows[2]]);
  });

  it('an execution of nobody has others, and no workflow of its own', () => {
    const { siblings, otherWorkflows } = contextOf(execution(DATE), rows, ['execution_date_tag']);
    expect(siblings).toEqual([rows[5]]);
    expect(otherWorkflows).toEqual(['w', 'v', 'd']);
  });
});

describe('the run that rows agree on', () => {
  const at = (runId: string | null, experimentId: string | null) => ({
    ...row('w', DATE, runId),
    experimentId,
  });

  it.each<[string, SiblingRow[], { runId: string; experimentId: string | null } | null]>([
    ['none', [at(null, null)], null],
    ['one', [at(null, null), at('r1', '1')], { runId: 'r1', experimentId: '1' }],
    ['one, told in two rows', [at('r1', null), at('r1', '1')], { runId: 'r1', experimentId: '1' }],
    ['two', [at('r1', '1'), at('r2', '1')], null],
    ['one of two experiments', [at('r1', '1'), at('r1', '2')], { runId: 'r1', experimentId: null }],
    [
      'one, an open row names another experiment',
      [at(null, '2'), at('r1', '1')],
      { runId: 'r1', experimentId: null },
    ],
    [
      'one, the experiment is named by an open row alone',
      [at(null, '1'), at('r1', null)],
      { runId: 'r1', experimentId: null },
    ],
  ])('%s', (_, siblings, run) => {
    expect(siblingRun({ siblings })).toEqual(run);
  });
});
