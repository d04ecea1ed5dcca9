import { describe, expect, it } from 'vitest';
import {
  subjectKey,
  subjectOf,
  subjectsOf,
  type SubjectColumns,
} from '../../../src/lineage/subject.ts';

const row = (more: Partial<SubjectColumns>): SubjectColumns => ({
  run_id: null,
  experiment_id: null,
  execution_id: null,
  workflow_id: null,
  dag_id: null,
  ...more,
});

describe('the subject of a row', () => {
  it.each<[string, Partial<SubjectColumns>, string | null]>([
    ['run and experiment are known', { run_id: 'r', experiment_id: '1', execution_id: 'e' }, null],
    ['no name to ask by', { workflow_id: 'w' }, null],
    ['an empty name', { execution_id: '' }, null],
    ['an execution', { execution_id: 'e', workflow_id: 'w', dag_id: 'd' }, '["execution","w","e"]'],
    ['an execution of a DAG', { execution_id: 'e', dag_id: 'd' }, '["execution","d","e"]'],
    ['an execution of nobody', { execution_id: 'e' }, '["execution","","e"]'],
    [
      'an execution whose experiment is known',
      { execution_id: 'e', experiment_id: '1' },
      '["execution","","e"]',
    ],
    [
      'a run without experiment',
      { run_id: 'r', execution_id: 'e', workflow_id: 'w' },
      '["run","","r"]',
    ],
  ])('%s', (_, columns, key) => {
    const subject = subjectOf(row(columns));
    expect(subject === null ? null : subjectKey(subject)).toBe(key);
  });

  it('names the workflows that it may have, a DAG as no workflow of its own', () => {
    expect(subjectOf(row({ execution_id: 'e', workflow_id: 'w', dag_id: 'd' }))).toMatchObject({
      workflow: 'w',
      workflowId: 'w',
      workflows: ['w', 'd'],
    });
    expect(subjectOf(row({ execution_id: 'e', dag_id: 'd' }))).toMatchObject({
      workflow: 'd',
      workflowId: null,
      workflows: ['d'],
    });
  });
});

it('rows of one execution are one subject, with all the workflows that they name', () => {
  const subjects = subjectsOf([
    row({ execution_id: 'e', workflow_id: 'w', dag_id: 'd1' }),
    row({ execution_id: 'e', workflow_id: 'w', dag_id: 'd2' }),
    row({ execution_id: 'e', workflow_id: 'v' }),
    row({ run_id: 'r', workflow_id: 'w' }),
    row({ run_id: 'r', workflow_id: 'v' }),
    row({ run_id: 'r', experiment_id: '1' }),
  ]);
  expect([...subjects.keys()]).toEqual([
    '["execution","w","e"]',
    '["execution","v","e"]',
    '["run","","r"]',
  ]);
  expect(subjects.get('["execution","w","e"]')).toMatchObject({ workflows: ['w', 'd1', 'd2'] });
});
