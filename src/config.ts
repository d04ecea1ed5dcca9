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

const required = (what: string) => z.string({ error: `is missing: ${what}` }).min(1, `is empty: ${what}`);

const variables = z.object({
  DEPLOYMENT: z.enum(['production', 'local']).default('production'),
  DATABASE_URL: required('postgresql://user:password@host/database').refine(
    (text) => /^postgres(ql)?:\/\/[^@\s]+@[^/\s]+\/.+/.test(text),
    'must look like postgresql://user:password@host/database',
  ),
  DATABASE_HTTP_ENDPOINT: optional(httpUrl),
  MINIO_ENDPOINT: required("the object store's address, like https://minio.example.com").pipe(httpUrl),
  MINIO_PUBLIC_ENDPOINT: optional(httpUrl),
  MINIO_ACCESS_KEY: required("the object store's access key id"),
  MINIO_SECRET_KEY: required("the object store's secret key"),
  MINIO_REGION: z.string().trim().min(1).default('us-east-1'),
  MINIO_BUCKETS: commaList('trading-charts').pipe(
    z
      .array(z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'holds a name that is not a bucket name'))
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
  SERVICE_TOKENS: commaList('').pipe(z.array(z.string().min(16, 'holds a token shorter than 16 characters'))),
  JWT_ISSUER: optional(z.string()),
  JWT_AUDIENCE: optional(z.string()),
  JWKS_URL: optional(httpUrl),
  JWT_COOKIE: optional(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a cookie name')),
  JWT_HEADER: optional(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name')),
});

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly cookie: string | null;
  readonly header: string | null;
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
}

/**
 * Reads and checks the Worker's variables. Throws `configuration_error` naming every variable that is wrong and how to
 * mend it, never a value of a secret.
 */
export function readConfig(env: object): Config {
  const parsed = variables.safeParse(env);
  if (!parsed.success) {
    throw configurationError(
      parsed.error.issues.map((issue) => ({ field: String(issue.path[0] ?? 'env'), message: issue.message })),
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
  };
}

/** All of issuer, audience and JWKS, or none: a token whose audience nobody checks is anybody's token. */
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
  return new AppError('configuration_error', `${list}. docs/configuration.md lists every variable.`, {
    fields,
  });
}
