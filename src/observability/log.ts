/** Flat, JSON-serialisable facts of one event. Never query text, parameters, tokens or bars. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured log: one JSON line an event; events are `noun.verb_past` (`image.regenerated`). */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with `fields` on every line. */
  with(fields: LogFields): Log;
}

type Level = 'info' | 'warn' | 'error';
type Sink = (level: Level, line: string) => void;

const consoleSink: Sink = (level, line) => {
  // oxlint-disable-next-line no-console -- the one place where Workers' log stream is written
  console[level](line);
};

/** A log that writes one JSON object a line to the console (Workers Logs picks the fields up). */
export function createLog(bound: LogFields = {}, sink: Sink = consoleSink): Log {
  const write =
    (level: Level) =>
    (event: string, fields: LogFields = {}) => {
      sink(level, JSON.stringify({ level, event, ...bound, ...fields }));
    };
  return {
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => createLog({ ...bound, ...fields }, sink),
  };
}

/** For tests and benchmarks: says nothing. */
export const silentLog: Log = createLog({}, () => {});
