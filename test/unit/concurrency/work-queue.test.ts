import { describe, expect, it } from 'vitest';
import { createWorkQueue, type Place, type Refusal } from '../../../src/concurrency/work-queue.ts';

const LIMITS = { running: 1, waiting: 2, bytes: 100, waitMs: 5_000, leaseMs: 30_000, restMs: 20 };

/** Time goes on only when `pass` is called; who waits is woken in order. */
function manualClock() {
  let time = 1_000;
  let sleepers: { at: number; wake: () => void }[] = [];
  return {
    clock: {
      now: () => time,
      wait: (ms: number) =>
        new Promise<void>((wake) => void sleepers.push({ at: time + ms, wake })),
    },
    async pass(ms: number) {
      for (const end = time + ms; time < end;) {
        time += 1;
        const due = sleepers.filter((one) => one.at <= time);
        sleepers = sleepers.filter((one) => one.at > time);
        for (const { wake } of due) wake();
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      }
    },
    /** Requests that are cancelled: nothing of them ever runs again. */
    cancelAll: () => {
      sleepers = [];
    },
  };
}

function placeOf(result: Place | Refusal): Place {
  if ('refused' in result) throw new Error(`refused: ${result.refused}`);
  return result;
}

describe('a queue of plain data', () => {
  it('runs one after the other, in the order of asking, with a rest between', async () => {
    const { clock, pass } = manualClock();
    const queue = createWorkQueue(LIMITS, { clock });
    const order: string[] = [];
    const [a, b, c] = [1, 2, 3].map(() => placeOf(queue.reserve(10)));
    void a?.turn().then(() => order.push('a'));
    void c?.turn().then(() => order.push('c'));
    void b?.turn().then(() => order.push('b'));
    await pass(50);
    expect(order).toEqual(['a']);
    a?.release();
    await pass(10);
    expect(order).toEqual(['a']);
    await pass(40);
    expect(order).toEqual(['a', 'c']);
    c?.release();
    await pass(50);
    expect(order).toEqual(['a', 'c', 'b']);
  });

  it('refuses at once when it is full, by number and by bytes, but never one alone', () => {
    const { clock } = manualClock();
    const queue = createWorkQueue(LIMITS, { clock });
    const big = placeOf(queue.reserve(1_000));
    expect(queue.reserve(1)).toMatchObject({ refused: 'full' });
    big.release();
    for (let n = 0; n < 3; n += 1) placeOf(queue.reserve(1));
    expect(queue.reserve(1)).toMatchObject({ refused: 'full', retryAfterSeconds: 1 });
  });

  it('lets nobody wait too long, and tells how long the work will take', async () => {
    const { clock, pass } = manualClock();
    const queue = createWorkQueue(LIMITS, { clock });
    const first = placeOf(queue.reserve(1));
    await first.turn();
    await pass(4_000);
    first.release();
    await pass(LIMITS.restMs);
    await placeOf(queue.reserve(1)).turn();
    const second = placeOf(queue.reserve(1)).turn();
    await pass(5_100);
    // A turn was seen to take 4 s.
    expect(await second).toEqual({ refused: 'waited', retryAfterSeconds: 2 });
  });

  it('frees the places of requests that were cancelled while they waited, or ran', async () => {
    const { clock, pass, cancelAll } = manualClock();
    const queue = createWorkQueue(LIMITS, { clock });
    await placeOf(queue.reserve(1)).turn();
    void placeOf(queue.reserve(1)).turn();
    void placeOf(queue.reserve(1)).turn();
    await pass(100);
    cancelAll();
    expect(queue.reserve(1)).toMatchObject({ refused: 'full' });
    await pass(3_100);
    placeOf(queue.reserve(1)).release();
    await pass(30_000);
    expect(await placeOf(queue.reserve(1)).turn()).toBeNull();
  });

  it('drops what nobody wants any more', async () => {
    const { clock, pass } = manualClock();
    const queue = createWorkQueue(LIMITS, { clock });
    await placeOf(queue.reserve(1)).turn();
    let isWanted = true;
    const waiting = placeOf(queue.reserve(1)).turn(() => isWanted);
    await pass(50);
    isWanted = false;
    await pass(50);
    expect(await waiting).toMatchObject({ refused: 'abandoned' });
  });
});
