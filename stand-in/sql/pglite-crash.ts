import type { PGlite } from '@electric-sql/pglite';

/** `siglongjmp` to PostgreSQL's main loop: an ordinary error, which PGlite handles. */
const LONGJMP_STATUS = 100;
/** After a PANIC PostgreSQL aborts, having said why; PGlite gets out by itself, or never. */
const ABORTS_MAX = 3;

/**
 * PostgreSQL's WebAssembly stopped in the middle of something. Nothing in its memory can be trusted
 * any more.
 */
export class PgliteCrash extends Error {
  override readonly name = 'PgliteCrash';
  /** The JavaScript stack was exhausted: by the statement's own depth. */
  readonly isStackOverflow: boolean;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.isStackOverflow = cause instanceof RangeError;
  }
}

/** The part of Emscripten's module that PGlite calls for one message of the protocol. */
interface MainLoop {
  _PostgresMainLoopOnce(): void;
  _PostgresSendReadyForQueryIfNecessary(): void;
  _pgl_pq_flush(): void;
  stackRestore(pointer: number): void;
}

/**
 * PGlite (0.5) takes whatever PostgreSQL's WebAssembly throws for an error that PostgreSQL has told
 * already: a stack overflow becomes an answer without rows, and the next statement waits, or spins,
 * for ever. From here on a crash is thrown as `PgliteCrash`, and so is every later call: nothing of
 * a crashed PostgreSQL is run again.
 */
export function reportCrashes(pglite: PGlite): void {
  const main = pglite.Module as unknown as MainLoop;
  let crash: PgliteCrash | null = null;
  let aborts = 0;
  const alive = () => {
    if (crash !== null) throw crash;
  };
  const once = main._PostgresMainLoopOnce;
  main._PostgresMainLoopOnce = () => {
    alive();
    try {
      once();
      aborts = 0;
    } catch (error) {
      const kind = kindOf(error);
      aborts = kind === 'abort' ? aborts + 1 : 0;
      if (kind === 'crash' || aborts > ABORTS_MAX) crash = new PgliteCrash(error);
      throw error;
    }
  };
  // PGlite's handler calls this first, and what it throws is not caught again.
  const restore = main.stackRestore;
  main.stackRestore = (pointer) => {
    alive();
    restore(pointer);
  };
  for (const name of ['_PostgresSendReadyForQueryIfNecessary', '_pgl_pq_flush'] as const) {
    const original = main[name];
    main[name] = () => {
      alive();
      original();
    };
  }
}

function kindOf(error: unknown): 'error' | 'abort' | 'crash' {
  if (typeof error === 'object' && error !== null && 'status' in error) {
    return error.status === LONGJMP_STATUS ? 'error' : 'abort';
  }
  return error instanceof WebAssembly.RuntimeError && error.message.startsWith('Aborted')
    ? 'abort'
    : 'crash';
}

/** Files that the thrown away PostgreSQL held open would stay open as long as this process. */
export function closeFiles(pglite: PGlite, close: (descriptor: number) => void): void {
  const { FS } = pglite.Module as unknown as {
    FS: { streams?: ({ nfd?: number } | null | undefined)[] };
  };
  for (const stream of FS.streams ?? []) {
    if (stream?.nfd === undefined) continue;
    try {
      close(stream.nfd);
    } catch {
      // It was closed already.
    }
  }
}
