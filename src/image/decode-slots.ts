import { AppError } from '../errors.ts';

/** Lets few decodes run at once in this isolate, and few wait for one. */
export interface DecodeSlots {
  /** Throws `busy` when nothing becomes free in time. The work is finished even when its client has gone. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface DecodeSlotsOptions {
  /** Keeps work alive that outlives its request; without it an abandoned decode would hold its place. */
  readonly defer: (work: Promise<unknown>) => void;
  /** Told each time that somebody is sent away. */
  readonly onRefused: () => void;
  /** Milliseconds. */
  readonly now: () => number;
}

export const DECODES_AT_ONCE = 2;
const WAITING_MAX = 16;
const WAIT_MAX_MS = 2_000;
const POLL_MS = 20;
/** A place whose work never came to an end is free again; no picture takes so long. */
const PLACE_MAX_MS = 20_000;
const RETRY_AFTER_SECONDS = 2;

export function createDecodeSlots({ defer, onRefused, now }: DecodeSlotsOptions): DecodeSlots {
  const places = new Map<symbol, number>();
  const waiting = new Map<symbol, number>();

  /** Requests whose client has gone never come to the line that would give their entry back. */
  const forgetLate = (entries: Map<symbol, number>, maxMs: number) => {
    for (const [entry, since] of entries) if (now() - since > maxMs) entries.delete(entry);
  };
  const isFree = () => {
    forgetLate(places, PLACE_MAX_MS);
    return places.size < DECODES_AT_ONCE;
  };
  const refuse = (): never => {
    onRefused();
    throw new AppError('busy', 'Too many pictures are being checked right now.', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  };

  /** Others may not be woken by the request that ends, so they look again and again. */
  async function untilFree(): Promise<void> {
    forgetLate(waiting, WAIT_MAX_MS + POLL_MS);
    if (waiting.size >= WAITING_MAX) refuse();
    const entry = Symbol('waiting');
    const since = now();
    waiting.set(entry, since);
    try {
      while (!isFree()) {
        if (now() - since >= WAIT_MAX_MS) refuse();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    } finally {
      waiting.delete(entry);
    }
  }

  return {
    async run(work) {
      if (!isFree()) await untilFree();
      const place = Symbol('decoding');
      places.set(place, now());
      const running = work().finally(() => places.delete(place));
      defer(running.catch(() => {}));
      return running;
    },
  };
}
