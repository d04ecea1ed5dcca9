/** A real service that was started for tests or for trying things out. */
export interface LiveService {
  /** What a Worker or a script must be told to use it. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface LiveOptions {
  /** One line on what is going on. */
  readonly say: (line: string) => void;
  /** A service has ended without being told to; `why` is for people. */
  readonly onLost?: ((why: string) => void) | undefined;
}

/** One service that `npm run live` can start. */
export interface LiveServiceKind {
  readonly name: string;
  readonly title: string;
  /** Of a service that is already there: when it is set, nothing is started. */
  readonly variable: string;
  /** What must be set with it. */
  readonly also: readonly string[];
  /** Puts into the cache, or on this machine, what `start` needs. Nothing is done twice. */
  readonly install: (options: LiveOptions) => Promise<void>;
  /**
   * Installs, starts on a free port of the loopback with fresh data, and waits until it is ready.
   */
  readonly start: (options: LiveOptions) => Promise<LiveService>;
}
