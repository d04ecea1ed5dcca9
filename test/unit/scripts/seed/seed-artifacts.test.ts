import { describe, expect, it } from 'vitest';
import { seedArtifacts } from '../../../../scripts/seed/seed-artifacts.ts';

describe('the artifacts of the seed', () => {
  const artifacts = seedArtifacts();

  it('have ids of their own, and 24 is TSLA', () => {
    expect(new Set(artifacts.map(({ id }) => id)).size).toBe(artifacts.length);
    expect(artifacts.find(({ id }) => id === 24)?.columns).toMatchObject({
      symbol: 'TSLA',
      workflow_id: 'ibkr_trading_signal_workflow',
      execution_id: '2025-11-15 13:54:31.981650+00:00',
    });
  });
});
