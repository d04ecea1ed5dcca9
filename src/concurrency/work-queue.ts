/** How much of one kind of work an isolate takes on. Counts, bytes and milliseconds. */
export interface QueueLimits {
  /** At the same time. */
  readonly running: number;
  /** Waiting for their turn; who comes after them is refused at once. */
  readonly waiting: number;
  /** Of all that wait and run together; a single one may be larger. */
  readonly bytes: number;
  /** Nobody waits longer for a turn. */
  readonly waitMs: number;
  /** A place is free again after so long, whatever became of its owner. */
  readonly leaseMs: number;
  /** Between the end of one turn and the next, for everybody else in the isolate. */
  readonly restMs: number;
}

/** Not admitted. `retryAfterSeconds` is how long the work that is queued now will take. */
export interface Refusal {
  readonly refused: 'full' | 'waited' | 'abandoned';
  readonly retryAfterSeconds: number;
}

export interface Place {
  /** Null: go on, and `release` at the end. A refusal has released the place already. */
  turn(isWanted?: () => boolean): Promise<Refusal | null>;
  /** Gives the place back. Calling it again does nothing. */
  release(): void;
}

export interface WorkQueue {
  /** Takes a place without waiting, or is refused. `bytes`: what waits in memory with it. */
  reserve(bytes: number): Place | Refusal;
}

export interface QueueClock {
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * Timers of whoever waits; never a promise of another request, which would be cancelled with it.
 */
export const platformClock: QueueClock = {
  now: () => Date.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Those who wait look for their turn so often, less often the more they are. */
const POLL_MIN_MS = 4;
/**
 * Who has not looked for so long has gone: its request was cancelled, and then nothing of it runs
 * any more.
 */
const GONE_AFTER_MS = 3_000;
const RETRY_MAX_SECONDS = 10;
/** What a turn is thought to take before one was seen. */
const FIRST_TURN_MS = 250;

interface Held {
  readonly bytes: number;
  readonly reservedAt: number;
  state: 'reserved' | 'waiting' | 'running';
  startedAt: number;
  seenAt: number;
}

/**
 * A bounded queue of plain data, first come, first served. Owners may be of different requests or
 * Durable Objects, so nobody is called: each looks whether it is its turn. Places of owners that
 * vanished free themselves.
 */
export function createWorkQueue(
  limits: QueueLimits,
  options: {
    readonly count?: (what: 'queued' | 'refused') => void;
    readonly clock?: QueueClock;
  } = {},
): WorkQueue {
  const { now, wait } = options.clock ?? platformClock;
  const count = options.count ?? (() => {});
  const held = new Set<Held>();
  let turnMs = FIRST_TURN_MS;
  let restUntil = 0;

  const inState = (state: Held['state']) => [...held].filter((one) => one.state === state);
  const running = () => inState('running').length;

  function sweep(): void {
    for (const one of held) {
      const isOver =
        now() - (one.state === 'running' ? one.startedAt : one.reservedAt) > limits.leaseMs;
      const isGone = one.state === 'waiting' && now() - one.seenAt > GONE_AFTER_MS;
      if (isOver || isGone) held.delete(one);
    }
  }

  function refusal(refused: Refusal['refused']): Refusal {
    if (refused !== 'abandoned') count('refused');
    const seconds = Math.ceil((held.size * turnMs) / limits.running / 1_000);
    return { refused, retryAfterSeconds: Math.min(RETRY_MAX_SECONDS, Math.max(1, seconds)) };
  }

  function start(one: Held): null {
    one.state = 'running';
    one.startedAt = now();
    return null;
  }

  function isNext(one: Held): boolean {
    if (running() >= limits.running || now() < restUntil) return false;
    return inState('waiting')[0] === one;
  }

  function release(one: Held): void {
    if (!held.delete(one) || one.state !== 'running') return;
    const took = Math.max(0, now() - one.startedAt);
    turnMs = turnMs * 0.7 + took * 0.3;
    restUntil = now() + limits.restMs;
  }

  async function turn(one: Held, isWanted: () => boolean): Promise<Refusal | null> {
    // Whoever read for longer comes later: the order is that of asking for a turn.
    held.delete(one);
    held.add(one);
    one.state = 'waiting';
    one.seenAt = now();
    if (isNext(one)) return start(one);
    count('queued');
    const until = now() + limits.waitMs;
    for (;;) {
      await wait(Math.max(POLL_MIN_MS, inState('waiting').length));
      one.seenAt = now();
      sweep();
      if (!held.has(one) || now() > until || !isWanted()) {
        held.delete(one);
        return refusal(isWanted() ? 'waited' : 'abandoned');
      }
      if (isNext(one)) return start(one);
    }
  }

  return {
    reserve(bytes) {
      sweep();
      const inUse = [...held].reduce((sum, one) => sum + one.bytes, 0);
      const isFull = held.size >= limits.running + limits.waiting;
      if (isFull || (held.size > 0 && inUse + bytes > limits.bytes)) return refusal('full');
      const one: Held = {
        bytes,
        reservedAt: now(),
        state: 'reserved',
        startedAt: 0,
        seenAt: now(),
      };
      held.add(one);
      return { turn: (isWanted = () => true) => turn(one, isWanted), release: () => release(one) };
    },
  };
}
