import { platformClock, type QueueClock } from './work-queue.ts';

type Settled<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: unknown };

/** One piece of work that several requests wait for. Plain data: every request may look at it. */
export interface Flight<Value, Note> {
  /** What is known before the end; those who need no more take it and go. */
  readonly note: Note | null;
  /** The end, for everybody alike. */
  readonly settled: Settled<Value> | null;
  /**
   * What it was begun from has changed since: its end is for those who wait already, and is not
   * remembered.
   */
  readonly isOutdated: boolean;
  /**
   * Leaves a note. True when all who wait now are content with it, so that nothing more need be
   * done.
   */
  tell(note: Note): boolean;
  /** Somebody who waits for it was there a moment ago. */
  isWanted(): boolean;
  /**
   * Those who follow are to be patient for so much longer, because it waits where waiting is
   * bounded.
   */
  expectWithin(ms: number): void;
}

/** What is left to do when the value is known; who comes meanwhile gets the same value. */
export interface Landing<Value> {
  readonly value: Value;
  readonly afterwards?: () => Promise<unknown>;
}

/** One request. */
export interface Reader<Value, Note, Answer> {
  /** Does the work when nobody does it yet. */
  lead(flight: Flight<Value, Note>): Promise<Landing<Value>>;
  /**
   * What this request makes of the flight as it is now; undefined: it waits on. What it throws is
   * its answer, too.
   */
  take(flight: Flight<Value, Note>, role: 'leader' | 'follower'): Answer | undefined;
  /** Whether the note alone would do. */
  readonly isContent?: (note: Note) => boolean;
  /** The client hung up, where the platform says so. */
  readonly isGone?: () => boolean;
}

export interface Flights<Value, Note> {
  share<Answer>(key: string, reader: Reader<Value, Note, Answer>): Promise<Answer>;
  isUnderWay(key: string): boolean;
  /** What flies under this key began before a change: who comes from now on flies anew. */
  forget(key: string): void;
}

/** A follower of a flight that shows no end for so long begins one of its own. */
const FOLLOW_MAX_MS = 5_000;
/** Nobody has looked for it for so long: all who asked have hung up. */
const UNWANTED_AFTER_MS = 3_000;
/** The end is kept for those who come while it is being put away, not longer. */
const AFTERWARDS_MAX_MS = 5_000;
const LOOK_MIN_MS = 4;
const LOOK_MAX_MS = 250;
/** All who wait look 4,000 times a second together, however many they are. */
const LOOKS_PER_MS = 4;

interface Own<Value, Note> extends Flight<Value, Note> {
  note: Note | null;
  settled: Settled<Value> | null;
  isOutdated: boolean;
  readonly readers: Set<Reader<Value, Note, unknown>>;
  seenAt: number;
  dueAt: number;
}

/**
 * Requests of one isolate that want the same at the same time share one flight. The leader's work
 * is given to `defer` (`waitUntil`), so it goes on when its client hangs up; the others look at
 * plain data again and again, because a promise of another request is cancelled with it. Nothing is
 * remembered when the flight is over.
 */
export function createFlights<Value, Note = never>(options: {
  readonly defer: (work: Promise<unknown>) => void;
  readonly count?: (what: 'shared' | 'overdue') => void;
  readonly clock?: QueueClock;
}): Flights<Value, Note> {
  const { now, wait } = options.clock ?? platformClock;
  const count = options.count ?? (() => {});
  const underWay = new Map<string, Own<Value, Note>>();
  let nextLookAt = 0;

  /** Each look has its time, so that a thousand who wait cost no more than a few. */
  function pauseMs(): number {
    const earliest = now() + LOOK_MIN_MS;
    nextLookAt = Math.min(Math.max(earliest, nextLookAt + 1 / LOOKS_PER_MS), now() + LOOK_MAX_MS);
    return nextLookAt - now();
  }

  function open(): Own<Value, Note> {
    const flight: Own<Value, Note> = {
      note: null,
      settled: null,
      isOutdated: false,
      readers: new Set(),
      seenAt: now(),
      dueAt: now() + FOLLOW_MAX_MS,
      isWanted: () => now() - flight.seenAt < UNWANTED_AFTER_MS,
      tell: (note) => {
        flight.note = note;
        return [...flight.readers].every((reader) => reader.isContent?.(note) === true);
      },
      expectWithin: (ms) => {
        flight.dueAt = now() + ms + FOLLOW_MAX_MS;
      },
    };
    return flight;
  }

  function begin(key: string, reader: Reader<Value, Note, unknown>) {
    const flight = open();
    underWay.set(key, flight);
    const end = () => {
      if (underWay.get(key) === flight) underWay.delete(key);
    };
    const land = async () => {
      try {
        const landing = await reader.lead(flight);
        flight.settled = { ok: true, value: landing.value };
        flight.dueAt = now() + AFTERWARDS_MAX_MS;
        return landing.afterwards;
      } catch (error) {
        flight.settled = { ok: false, error };
        return undefined;
      }
    };
    const landed = land();
    const putAway = async () => {
      const afterwards = await landed;
      if (afterwards !== undefined) await afterwards();
    };
    options.defer(putAway().then(end, end));
    return { flight, landed };
  }

  const current = (key: string) => {
    const flight = underWay.get(key);
    return flight === undefined || now() > flight.dueAt ? null : flight;
  };

  return {
    isUnderWay: (key) => current(key) !== null,

    forget(key) {
      const flight = underWay.get(key);
      if (flight === undefined) return;
      flight.isOutdated = true;
      underWay.delete(key);
    },

    async share(key, reader) {
      let flight = current(key);
      let landed: Promise<unknown> | null = null;
      if (flight === null) ({ flight, landed } = begin(key, reader));
      else count('shared');
      flight.readers.add(reader);
      try {
        for (;;) {
          const answer = reader.take(flight, landed === null ? 'follower' : 'leader');
          if (answer !== undefined) return answer;
          const isOverdue = landed === null && now() > flight.dueAt;
          if (flight.settled !== null || isOverdue) {
            if (isOverdue) count('overdue');
            flight.readers.delete(reader);
            flight = current(key);
            if (flight === null) ({ flight, landed } = begin(key, reader));
            else landed = null;
            flight.readers.add(reader);
          }
          if (reader.isGone?.() !== true) flight.seenAt = now();
          await (landed === null ? wait(pauseMs()) : Promise.race([landed, wait(LOOK_MAX_MS)]));
        }
      } finally {
        flight?.readers.delete(reader);
      }
    },
  };
}
