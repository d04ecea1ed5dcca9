import { z } from 'zod';
import { AppError } from './errors.ts';

/** A token that works everywhere locally and nowhere else. */
const LOCAL_SERVICE_TOKEN = 'local-service-token';

const commaList = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    );

const httpUrl = z
  .string()
  .trim()
  .transform((text) => text.replace(/\/+$/, ''))
  .refine(
    (text) => /^https?:\/\/[^/?#\s]+/.test(text),
    'must start with http:// or https:// and name a host',
  );

const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === undefined || value === '' ? null : value), schema.nullable());

/**
 * An address that the service can do without: a wrong one must neither stop it nor become a broken
 * link. User and password in it are credentials for calls and never part of a link.
 */
const lenientHttpUrl = z
  .string()
  .default('')
  .transform((text): LenientUrl => {
    const trimmed = text.trim();
    if (trimmed === '') return { kind: 'unset' };
    const url = URL.canParse(trimmed) ? new URL(trimmed) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
      return { kind: 'wrong' };
    const { username, password } = url;
    const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
    if (username === '') return { kind: 'url', base, credentials: null };
    const credentials = { username: percentDecoded(username), password: percentDecoded(password) };
    return { kind: 'url', base, credentials };
  });

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

type LenientUrl =
  | { readonly kind: 'unset' | 'wrong' }
  | {
      readonly kind: 'url';
      readonly base: string;
      readonly credentials: { readonly username: string; readonly password: string } | null;
    };

const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e]*$/, 'holds a character that no header can carry');

const required = (what: string) =>
  z.string({ error: `is missing: ${what}` }).min(1, `is empty: ${what}`);

const variables = z.object({
  DEPLOYMENT: z.enum(['production', 'local']).default('production'),
  DATABASE_URL: required('postgresql://user:password@host/database').refine(
    (text) => /^postgres(ql)?:\/\/[^@\s]+@[^/\s]+\/.+/.test(text),
    'must look like postgresql://user:password@host/database',
  ),
  DATABASE_HTTP_ENDPOINT: optional(httpUrl),
  MINIO_ENDPOINT: required("the object store's address, like https://minio.example.com").pipe(
    httpUrl,
  ),
  MINIO_PUBLIC_ENDPOINT: optional(httpUrl),
  MINIO_ACCESS_KEY: required("the object store's access key id"),
  MINIO_SECRET_KEY: required("the object store's secret key"),
  MINIO_REGION: z.string().trim().min(1).default('us-east-1'),
  MINIO_BUCKETS: commaList('trading-charts').pipe(
    z
      .array(
        z
          .string()
          .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'holds a name that is not a bucket name'),
      )
      .min(1, 'must name at least one bucket'),
  ),
  READ_ACCESS: z.enum(['public', 'token']).default('public'),
  UNVERIFIED_OBJECTS: z.enum(['serve', 'regenerate']).default('serve'),
  CORS_ORIGINS: commaList('').pipe(
    z.array(
      z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
        error: (issue) =>
          `"${String(issue.input)}" is not an origin such as https://app.example.com (no path, no *)`,
      }),
    ),
  ),
  SERVICE_TOKENS: commaList('').pipe(
    z.array(z.string().min(16, 'holds a token shorter than 16 characters')),
  ),
  JWT_ISSUER: optional(z.string()),
  JWT_AUDIENCE: optional(z.string()),
  JWKS_URL: optional(httpUrl),
  JWT_COOKIE: optional(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a cookie name')),
  JWT_HEADER: optional(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name')),
  MLFLOW_TRACKING_URI: lenientHttpUrl,
  MLFLOW_UI_URL: lenientHttpUrl,
  MLFLOW_EXPERIMENT_NAMES: commaList(''),
  MLFLOW_USERNAME: optional(z.string()),
  MLFLOW_PASSWORD: optional(z.string()),
  MLFLOW_TOKEN: optional(headerValue),
  MLFLOW_WORKSPACE: optional(headerValue),
  AIRFLOW_UI_URL: lenientHttpUrl,
  AIRFLOW_MAJOR_VERSION: z.enum(['2', '3']).default('3'),
});

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly cookie: string | null;
  readonly header: string | null;
}

export interface MlflowConfig {
  /**
   * Base of the REST API, without a trailing slash; null: nobody can be asked, `problem` says why.
   */
  readonly trackingUri: string | null;
  readonly problem: string | null;
  /** Base of the UI's links; null: no links. */
  readonly uiUrl: string | null;
  /** Only these experiments are searched; empty: all that the account may read. */
  readonly experimentNames: readonly string[];
  /** Value of the Authorization header. */
  readonly authorization: string | null;
  readonly workspace: string | null;
}

export interface AirflowConfig {
  readonly uiUrl: string | null;
  readonly majorVersion: 2 | 3;
}

/** Everything the Worker is told from outside, checked and typed. Only this module reads `env`. */
export interface Config {
  readonly deployment: 'production' | 'local';
  readonly database: { readonly url: string; readonly httpEndpoint: string | null };
  readonly store: {
    readonly endpoint: string;
    readonly publicEndpoint: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly region: string;
    /** Allow-list; the first is written to. */
    readonly buckets: readonly [string, ...string[]];
  };
  readonly readAccess: 'public' | 'token';
  readonly unverifiedObjects: 'serve' | 'regenerate';
  readonly corsOrigins: readonly string[];
  readonly serviceTokens: readonly string[];
  /** Null: user tokens are refused; service tokens still work. */
  readonly jwt: JwtConfig | null;
  readonly mlflow: MlflowConfig;
  readonly airflow: AirflowConfig;
}

/**
 * Reads and checks the Worker's variables. Throws `configuration_error` naming every variable that
 * is wrong and how to mend it, never a value of a secret.
 */
export function readConfig(env: object): Config {
  const parsed = variables.safeParse(env);
  if (!parsed.success) {
    throw configurationError(
      parsed.error.issues.map((issue) => ({
        field: String(issue.path[0] ?? 'env'),
        message: issue.message,
      })),
    );
  }
  const v = parsed.data;
  const [firstBucket, ...otherBuckets] = v.MINIO_BUCKETS;
  if (firstBucket === undefined) throw new TypeError('the schema wants at least one bucket');
  if (v.DEPLOYMENT !== 'local' && v.SERVICE_TOKENS.includes(LOCAL_SERVICE_TOKEN)) {
    throw configurationError([
      {
        field: 'SERVICE_TOKENS',
        message: `holds ${LOCAL_SERVICE_TOKEN}, which everybody knows: make one with "openssl rand -hex 32"`,
      },
    ]);
  }
  return {
    deployment: v.DEPLOYMENT,
    database: { url: v.DATABASE_URL, httpEndpoint: v.DATABASE_HTTP_ENDPOINT },
    store: {
      endpoint: v.MINIO_ENDPOINT,
      publicEndpoint: v.MINIO_PUBLIC_ENDPOINT ?? v.MINIO_ENDPOINT,
      accessKeyId: v.MINIO_ACCESS_KEY,
      secretAccessKey: v.MINIO_SECRET_KEY,
      region: v.MINIO_REGION,
      buckets: [firstBucket, ...otherBuckets],
    },
    readAccess: v.READ_ACCESS,
    unverifiedObjects: v.UNVERIFIED_OBJECTS,
    corsOrigins: v.CORS_ORIGINS,
    serviceTokens: v.SERVICE_TOKENS,
    jwt: jwtConfig(v),
    mlflow: mlflowConfig(v),
    airflow: {
      uiUrl: v.AIRFLOW_UI_URL.kind === 'url' ? v.AIRFLOW_UI_URL.base : null,
      majorVersion: v.AIRFLOW_MAJOR_VERSION === '2' ? 2 : 3,
    },
  };
}

function mlflowConfig(v: z.output<typeof variables>): MlflowConfig {
  const tracking = v.MLFLOW_TRACKING_URI;
  const ui = v.MLFLOW_UI_URL.kind === 'unset' ? tracking : v.MLFLOW_UI_URL;
  return {
    trackingUri: tracking.kind === 'url' ? tracking.base : null,
    problem: TRACKING_PROBLEM[tracking.kind],
    uiUrl: ui.kind === 'url' ? ui.base : null,
    experimentNames: v.MLFLOW_EXPERIMENT_NAMES,
    authorization: mlflowAuthorization(v),
    workspace: v.MLFLOW_WORKSPACE,
  };
}

const TRACKING_PROBLEM = {
  url: null,
  unset: 'MLflow is not configured (MLFLOW_TRACKING_URI).',
  wrong: 'MLFLOW_TRACKING_URI is not an http or https address.',
} as const;

/** User and password come before a token, as in MLflow's own client. */
function mlflowAuthorization(v: z.output<typeof variables>): string | null {
  const inUrl = v.MLFLOW_TRACKING_URI.kind === 'url' ? v.MLFLOW_TRACKING_URI.credentials : null;
  const username = v.MLFLOW_USERNAME ?? inUrl?.username;
  const password = v.MLFLOW_PASSWORD ?? inUrl?.password;
  if (username !== undefined && password !== undefined) {
    const bytes = new TextEncoder().encode(`${username}:${password}`);
    return `Basic ${btoa(String.fromCharCode(...bytes))}`;
  }
  return v.MLFLOW_TOKEN === null ? null : `Bearer ${v.MLFLOW_TOKEN}`;
}

/**
 * All of issuer, audience and JWKS, or none: a token whose audience nobody checks is anybody's
 * token.
 */
function jwtConfig(v: z.output<typeof variables>): JwtConfig | null {
  const names = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWKS_URL'] as const;
  const missing = names.filter((name) => v[name] === null);
  if (missing.length === names.length) return null;
  if (v.JWT_ISSUER === null || v.JWT_AUDIENCE === null || v.JWKS_URL === null) {
    throw configurationError(
      missing.map((field) => ({
        field,
        message: `is missing: ${names.join(', ')} are set together or not at all`,
      })),
    );
  }
  return {
    issuer: v.JWT_ISSUER,
    audience: v.JWT_AUDIENCE,
    jwksUrl: v.JWKS_URL,
    cookie: v.JWT_COOKIE,
    header: v.JWT_HEADER,
  };
}

function configurationError(fields: { field: string; message: string }[]): AppError {
  const list = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new AppError(
    'configuration_error',
    `${list}. docs/configuration.md lists every variable.`,
    {
      fields,
    },
  );
}
