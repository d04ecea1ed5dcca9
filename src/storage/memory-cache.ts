/** A few values for a few seconds in one isolate. */
export interface MemoryCache<Value> {
  get(name: string): Value | undefined;
  /** `ttlMs`: for less long than the others. */
  set(name: string, value: Value, ttlMs?: number): void;
  delete(name: string): void;
}

/** Bounded, least recently used goes first; `now` gives milliseconds. */
export function createMemoryCache<Value>(options: {
  readonly maxEntries: number;
  readonly ttlMs: number;
  readonly now: () => number;
}): MemoryCache<Value> {
  const entries = new Map<string, { value: Value; expiresAt: number }>();
  return {
    get(name) {
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      entries.delete(name);
      if (entry.expiresAt <= options.now()) return undefined;
      entries.set(name, entry);
      return entry.value;
    },
    set(name, value, ttlMs = options.ttlMs) {
      entries.delete(name);
      entries.set(name, { value, expiresAt: options.now() + Math.min(ttlMs, options.ttlMs) });
      if (entries.size > options.maxEntries) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
    },
    delete(name) {
      entries.delete(name);
    },
  };
}
