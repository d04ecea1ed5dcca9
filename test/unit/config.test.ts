import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { AppError } from '../../src/errors.ts';

const good = {
  DATABASE_URL: 'postgresql://user:secret-password@db.example.com/chartproof',
  MINIO_ENDPOINT: 'https://minio.example.com/',
  MINIO_ACCESS_KEY: 'key',
  MINIO_SECRET_KEY: 'secret-key-value',
};

function problemOf(env: object): AppError {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('readConfig', () => {
  it('fills in every default', () => {
    expect(readConfig(good)).toEqual({
      deployment: 'production',
      database: { url: good.DATABASE_URL, httpEndpoint: null },
      store: {
        endpoint: 'https://minio.example.com',
        publicEndpoint: 'https://minio.example.com',
        accessKeyId: 'key',
        secretAccessKey: 'secret-key-value',
        region: 'us-east-1',
        buckets: ['trading-charts'],
      },
      readAccess: 'public',
      unverifiedObjects: 'serve',
      corsOrigins: [],
      serviceTokens: [],
      jwt: null,
      mlflow: {
        trackingUri: null,
        problem: 'MLflow is not configured (MLFLOW_TRACKING_URI).',
        uiUrl: null,
        experimentNames: [],
        authorization: null,
        workspace: null,
      },
      airflow: { uiUrl: null, majorVersion: 3 },
    });
  });

  it('names everything that is missing at once, and shows no secret', () => {
    const problem = problemOf({ DATABASE_URL: 'mysql://root:hunter2@x/y' });
    expect(problem.code).toBe('configuration_error');
    expect(problem.fields.map((field) => field.field)).toEqual([
      'DATABASE_URL',
      'MINIO_ENDPOINT',
      'MINIO_ACCESS_KEY',
      'MINIO_SECRET_KEY',
    ]);
    expect(problem.message).not.toContain('hunter2');
  });

  it.each([
    ['MINIO_ENDPOINT', 'minio:9000'],
    ['MINIO_ENDPOINT', ''],
    ['MINIO_BUCKETS', ' , '],
    ['MINIO_BUCKETS', 'Not A Bucket'],
    ['READ_ACCESS', 'everyone'],
    ['UNVERIFIED_OBJECTS', 'maybe'],
    ['CORS_ORIGINS', 'https://app.example.com/path'],
    ['CORS_ORIGINS', '*'],
    ['SERVICE_TOKENS', 'short'],
    ['SERVICE_TOKENS', 'local-service-token'],
    ['JWT_COOKIE', 'a b'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(problemOf({ ...good, [name]: value }).fields.map((field) => field.field)).toEqual([
      name,
    ]);
  });

  it('takes the local token on one machine only', () => {
    const local = { ...good, SERVICE_TOKENS: 'local-service-token', DEPLOYMENT: 'local' };
    expect(readConfig(local).serviceTokens).toEqual(['local-service-token']);
  });

  it('wants issuer, audience and JWKS together', () => {
    const problem = problemOf({ ...good, JWT_ISSUER: 'https://issuer.example.com' });
    expect(problem.fields.map((field) => field.field)).toEqual(['JWT_AUDIENCE', 'JWKS_URL']);
  });

  it('reads lists with spaces', () => {
    const config = readConfig({
      ...good,
      MINIO_BUCKETS: 'one-bucket, two-bucket',
      CORS_ORIGINS: 'https://a.example.com, http://localhost:5173',
    });
    expect(config.store.buckets).toEqual(['one-bucket', 'two-bucket']);
    expect(config.corsOrigins).toEqual(['https://a.example.com', 'http://localhost:5173']);
  });

  it('takes an MLflow that is wrong for an MLflow that is not there', () => {
    const read = (uri: string, ui = '') =>
      readConfig({ ...good, MLFLOW_TRACKING_URI: uri, MLFLOW_UI_URL: ui }).mlflow;
    expect(read('databricks').problem).toBe('MLFLOW_TRACKING_URI is not an http or https address.');
    expect(read('file:///mlruns')).toMatchObject({ trackingUri: null, uiUrl: null });
    expect(read('https://mlflow.example.com/team/')).toMatchObject({
      trackingUri: 'https://mlflow.example.com/team',
      uiUrl: 'https://mlflow.example.com/team',
      problem: null,
    });
    expect(read('http://mlflow:5000', 'https://ml.example.com/').uiUrl).toBe(
      'https://ml.example.com',
    );
    expect(read('http://mlflow:5000', 'ml.example.com').uiUrl).toBeNull();
    expect(readConfig({ ...good, AIRFLOW_UI_URL: 'airflow:8080' }).airflow.uiUrl).toBeNull();
  });

  it('sends MLflow user and password before a token, and never shows them in a link', () => {
    const read = (vars: Record<string, string>) =>
      readConfig({ ...good, MLFLOW_TRACKING_URI: 'http://mlflow:5000', ...vars }).mlflow;
    expect(read({ MLFLOW_TOKEN: 't' }).authorization).toBe('Bearer t');
    expect(
      read({ MLFLOW_TOKEN: 't', MLFLOW_USERNAME: 'ü', MLFLOW_PASSWORD: 'p:w' }).authorization,
    ).toBe(`Basic ${Buffer.from('ü:p:w').toString('base64')}`);
    const inUrl = read({ MLFLOW_TRACKING_URI: 'https://me:p%40w@mlflow.example.com' });
    expect(inUrl.authorization).toBe(`Basic ${Buffer.from('me:p@w').toString('base64')}`);
    expect([inUrl.trackingUri, inUrl.uiUrl]).toEqual([
      'https://mlflow.example.com',
      'https://mlflow.example.com',
    ]);
  });
});
