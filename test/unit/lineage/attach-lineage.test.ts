import { describe, expect, it } from 'vitest';
import type { Attachment } from '../../../src/lineage/attach-lineage.repository.ts';
import { attachLineage } from '../../../src/lineage/attach-lineage.ts';
import { attachRequestSchema } from '../../../src/lineage/lineage.schema.ts';

const RUN = 'b1c2d3e4f5a64b7c8d9e0f1a2b3c4d5e';
const OTHER = 'ffffffffffffffffffffffffffffffff';
const outcome = (
  id: number,
  previousRunId: string | null,
  previousExperimentId: string | null,
  isAttached = false,
) => ({ id, previousRunId, previousExperimentId, isAttached });

function attaching(outcomes: ReturnType<typeof outcome>[]) {
  const asked: Attachment[] = [];
  const attach = async (attachment: Attachment) => {
    asked.push(attachment);
    return outcomes;
  };
  const send = (body: object) =>
    attachLineage(attach, attachRequestSchema.parse({ run_id: RUN, ...body }));
  return { send, asked };
}

describe('attachLineage', () => {
  it('says of every artifact that was named what became of it', async () => {
    const { send } = attaching([
      outcome(1, null, null, true),
      outcome(2, OTHER, '7'),
      outcome(3, null, '8'),
      outcome(4, RUN, '7'),
    ]);
    const told = await send({ artifact_ids: [1, 2, 3, 4, 5] });
    expect(told.attached).toEqual([1]);
    expect(told.skipped).toEqual([
      { id: 2, reason: `It names run ${OTHER} already; "overwrite": true replaces it.` },
      { id: 3, reason: 'It names experiment 8 already; "overwrite": true replaces it.' },
      { id: 4, reason: 'It names this run already.' },
      { id: 5, reason: 'There is no such artifact.' },
    ]);
  });

  it('names each artifact once, and leaves the experiment to be looked up', async () => {
    const { send, asked } = attaching([outcome(1, null, null, true)]);
    await send({ artifact_ids: [1, 1, 1] });
    expect(asked).toEqual([
      { target: { artifactIds: [1] }, runId: RUN, experimentId: null, overwrite: false },
    ]);
  });

  it('takes an execution by both of its names, also without a workflow', async () => {
    const { send, asked } = attaching([outcome(1, null, null, true)]);
    await send({ execution_id: 'e', workflow_id: '', experiment_id: '7', overwrite: true });
    expect(asked).toEqual([
      {
        target: { executionId: 'e', workflowId: '' },
        runId: RUN,
        experimentId: '7',
        overwrite: true,
      },
    ]);
  });

  it('does not find an execution that nobody names; ids that nobody has are skipped', async () => {
    const { send } = attaching([]);
    await expect(send({ execution_id: 'e', workflow_id: 'w' })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await send({ artifact_ids: [9] })).toEqual({
      attached: [],
      skipped: [{ id: 9, reason: 'There is no such artifact.' }],
    });
  });
});
