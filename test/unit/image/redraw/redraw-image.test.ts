import { beforeAll, describe, expect, it } from 'vitest';
import { createWorkQueue } from '../../../../src/concurrency/work-queue.ts';
import { AppError } from '../../../../src/errors.ts';
import type { Found } from '../../../../src/image/examine-image.ts';
import type { Picture } from '../../../../src/image/picture.ts';
import { REDRAW_LIMITS } from '../../../../src/image/queue-limits.ts';
import { redrawImage } from '../../../../src/image/redraw/redraw-image.ts';
import type { RenderAnswer, RenderJob } from '../../../../src/image/redraw/render-job.ts';
import { silentLog } from '../../../../src/observability/log.ts';
import { chartSource, greyPng, sha256, storedObject, usablePicture } from '../chart-fixture.ts';

const png = greyPng();
const REASON = { reason: 'stale', detail: 'it is of other bars' } as const;
let picture: Picture;
beforeAll(async () => {
  picture = await usablePicture();
});

const older = (kind: 'png' | 'broken'): Found => ({
  ref: { bucket: 'charts', key: 'a.png' },
  object: storedObject({ bytes: png }),
  facts: {
    inspection:
      kind === 'broken'
        ? { kind, reason: 'it is cut off' }
        : { kind, width: 2, height: 2, provenance: null },
    sha256: sha256(png),
    pixelSha256: null,
    tooLarge: null,
    lastModified: null,
    metadataSnapshotSha256: null,
  },
});

async function redraw(
  answer: RenderAnswer | Error,
  {
    stands = null,
    limits = REDRAW_LIMITS,
  }: { stands?: Found | null; limits?: typeof REDRAW_LIMITS } = {},
) {
  const jobs: { key: string; job: RenderJob }[] = [];
  const expected: number[] = [];
  let placed = 0;
  const gateOf = (key: string) => ({
    render: async (job: RenderJob) => {
      jobs.push({ key, job });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const flight = { isWanted: () => true, expectWithin: (ms: number) => void expected.push(ms) };
  const wanted = { source: chartSource(), picture, reason: REASON, older: stands, useStore: true };
  const deps = { gateOf, redraws: createWorkQueue(limits), log: silentLog };
  const outcome = await redrawImage(deps, flight, wanted, () => {
    placed += 1;
  });
  return { ...outcome, jobs, expected, placed };
}

describe('redrawImage', () => {
  it.each([
    [
      'what was drawn and stored',
      { drawn: true, stored: true },
      { freshness: 'regenerated', source: 'rendered', caching: 'shared' },
      true,
    ],
    [
      'what somebody else had drawn',
      { drawn: false, stored: true },
      { freshness: 'verified', source: 'store', caching: 'shared' },
      true,
    ],
    [
      'what could not be stored',
      { drawn: true, stored: false },
      { freshness: 'regenerated', source: 'rendered', caching: 'brief' },
      false,
    ],
  ])('hands out %s', async (_name, made, said, isStored) => {
    const answer = await redraw({ ok: true, png, ...made });
    const etag = `"${picture.renderKey}"`;
    expect(answer.outcome).toEqual({
      kind: 'image',
      bytes: png,
      contentType: 'image/png',
      etag: isStored ? etag : `W/${etag}`,
      snapshotSha256: picture.snapshotSha256,
      renderKey: picture.renderKey,
      ...said,
    });
    expect(answer.isStored).toBe(isStored);
  });

  it('asks the gate of its own key, when it is its turn', async () => {
    const { jobs, placed, expected } = await redraw({ ok: true, png, drawn: true, stored: true });
    const job = { artifactId: 7, picture, reason: REASON, fingerprint: 'f', useStore: true };
    expect(jobs).toEqual([{ key: picture.renderKey, job }]);
    expect(placed).toBe(1);
    expect(expected).toEqual([5_000, 15_000]);
  });

  it.each<[string, RenderAnswer | Error, string]>([
    ['refuses', { ok: false, code: 'busy', message: 'full', retryAfterSeconds: 3 }, 'busy'],
    ['cannot draw', { ok: false, code: 'render_failed', message: 'bad' }, 'render_failed'],
    ['breaks', new Error('reset'), 'render_failed'],
    ['fails in a known way', new AppError('render_timeout', 'late'), 'render_timeout'],
  ])(
    'shows an older picture when the gate %s, and fails without one',
    async (_name, answer, code) => {
      const { outcome, isStored } = await redraw(answer, { stands: older('png') });
      expect(outcome).toMatchObject({ freshness: 'stale', bytes: png });
      expect(isStored).toBe(false);
      await expect(redraw(answer)).rejects.toMatchObject({ code });
      await expect(redraw(answer, { stands: older('broken') })).rejects.toMatchObject({ code });
    },
  );

  it('passes on when to come again', async () => {
    const answer = { ok: false, code: 'busy', message: 'full', retryAfterSeconds: 3 } as const;
    await expect(redraw(answer)).rejects.toMatchObject({ retryAfterSeconds: 3, message: 'full' });
  });

  it('does not even ask when too many are asking', async () => {
    const limits = { ...REDRAW_LIMITS, running: 0, waiting: 0 };
    const answer = { ok: true, png, drawn: true, stored: true } as const;
    await expect(redraw(answer, { limits })).rejects.toMatchObject({ code: 'busy' });
    expect(await redraw(answer, { limits, stands: older('png') })).toMatchObject({
      outcome: { freshness: 'stale' },
      jobs: [],
      placed: 0,
    });
  });
});
