/** A few values for a few seconds in one isolate. */
export interface MemoryCache<Value> {
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
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
    set(name, value) {
      entries.delete(name);
      entries.set(name, { value, expiresAt: options.now() + options.ttlMs });
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
