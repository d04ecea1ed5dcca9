import { expect, it } from 'vitest';
import { createWorkQueue, type QueueLimits } from '../../../src/concurrency/work-queue.ts';
import { barBytes, READING_BYTES, READING_LIMITS } from '../../../src/image/queue-limits.ts';
import { reservePlace } from '../../../src/image/reserve-place.ts';

const ONE: QueueLimits = {
  running: 1,
  waiting: 1,
  bytes: 100,
  waitMs: 0,
  leaseMs: 60_000,
  restMs: 0,
};

it.each([
  ['drawing', 'Too many pictures are being read and drawn at the moment.'],
  ['checking', 'Too many pictures are being checked at the moment.'],
] as const)('refuses more %s than there is room for', (work, message) => {
  const queue = createWorkQueue(ONE);
  const first = reservePlace(queue, 60, work);
  const refused = expect.objectContaining({ code: 'busy', message, retryAfterSeconds: 1 });
  expect(() => reservePlace(queue, 60, work)).toThrow(refused);
  first.release();
  reservePlace(queue, 60, work).release();
});

it('refuses who has waited too long, and who is not wanted any more', async () => {
  let now = 0;
  const clock = {
    now: () => now,
    wait: async (ms: number) => {
      now += ms;
    },
  };
  const queue = createWorkQueue(ONE, { clock });
  const running = reservePlace(queue, 1, 'drawing');
  await running.turn();
  await expect(reservePlace(queue, 1, 'drawing').turn()).rejects.toMatchObject({ code: 'busy' });
  const unwanted = reservePlace(queue, 1, 'drawing').turn(() => false);
  await expect(unwanted).rejects.toMatchObject({ code: 'busy' });
  running.release();
  await expect(reservePlace(queue, 1, 'drawing').turn()).resolves.toBeUndefined();
});

it('has room for as many rows as may be read and wait, and for what a chart takes', () => {
  const { running, waiting, bytes } = READING_LIMITS;
  expect((running + waiting) * READING_BYTES).toBeLessThanOrEqual(bytes);
  expect(barBytes({ bars: Array.from({ length: 10 }) as never })).toBe(
    10 * barBytes({ bars: [{}] as never }),
  );
});
