import { describe, expect, it } from 'vitest';
import { groupKey } from '../../../src/catalog/list-groups.ts';

describe('groupKey', () => {
  it.each([
    ['the execution', { workflowId: 'w', executionId: 'e', isShared: false }, 'e'],
    ['no execution', { workflowId: null, executionId: null, isShared: false }, 'ungrouped'],
    ['workflows that share one', { workflowId: 'w', executionId: 'e', isShared: true }, 'w/e'],
    ['no workflow, and shared', { workflowId: null, executionId: 'e', isShared: true }, '/e'],
    [
      'an execution that is called like the group without one',
      { workflowId: 'w', executionId: 'ungrouped', isShared: false },
      'w/ungrouped',
    ],
  ])('%s', (_, group, key) => {
    expect(groupKey(group)).toBe(key);
  });
});
