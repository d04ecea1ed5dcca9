import { PlainError } from '../../stand-in/plain-error.ts';

export const HELP = `npm start: Chartproof on one machine, with everything it needs, seeded.

  npm start                 bring it up; state is kept between starts
  npm start -- --fresh      empty the state first (LOCAL_STATE_DIR and nothing else)
  npm start -- --migrate    also migrate a real database (DATABASE_URL); the embedded one always is
  npm start -- --seed       also seed real services; the embedded ones always are
  npm start -- --log        also show a line for every request; LOCAL_STATE_DIR/worker.log has them all

A part whose variable is set is not started, the real service is used instead:
  DATABASE_URL (and DATABASE_HTTP_ENDPOINT), MINIO_ENDPOINT with MINIO_ACCESS_KEY and MINIO_SECRET_KEY, JWKS_URL,
  MLFLOW_TRACKING_URI

Ports: PORT 8787, S3_PORT 9000, SQL_PORT 5488, MLFLOW_PORT 5500, TOKENS_PORT 8788. State: LOCAL_STATE_DIR .local
docs/local-development.md tells the rest, docs/configuration.md every variable.`;

export interface StartOptions {
  readonly help: boolean;
  readonly fresh: boolean;
  readonly migrate: boolean;
  readonly seed: boolean;
  readonly log: boolean;
  readonly stateDirectory: string;
  readonly ports: {
    readonly worker: number;
    readonly s3: number;
    readonly sql: number;
    readonly mlflow: number;
    readonly tokens: number;
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads flags and ports. Throws `PlainError` naming what is wrong. */
export function readStartOptions(argv: readonly string[], env: Environment): StartOptions {
  const known = new Set(['--help', '-h', '--fresh', '--migrate', '--seed', '--log']);
  const unknown = argv.find((argument) => !known.has(argument));
  if (unknown !== undefined)
    throw new PlainError(`"${unknown}" is not known: npm start -- --help lists what is.`);
  const ports = {
    worker: port(env, 'PORT', 8787),
    s3: port(env, 'S3_PORT', 9000),
    sql: port(env, 'SQL_PORT', 5488),
    mlflow: port(env, 'MLFLOW_PORT', 5500),
    tokens: port(env, 'TOKENS_PORT', 8788),
  };
  if (new Set(Object.values(ports)).size < Object.keys(ports).length)
    throw new PlainError('PORT, S3_PORT, SQL_PORT, MLFLOW_PORT and TOKENS_PORT must differ.');
  return {
    help: argv.includes('--help') || argv.includes('-h'),
    fresh: argv.includes('--fresh'),
    migrate: argv.includes('--migrate'),
    seed: argv.includes('--seed'),
    log: argv.includes('--log'),
    stateDirectory: env['LOCAL_STATE_DIR'] || '.local',
    ports,
  };
}

function port(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new PlainError(`${name} must be a port from 1 to 65535, not "${text}".`);
  return value;
}
