import { AwsClient } from 'aws4fetch';
import { Hono } from 'hono';
import { createChartSourceRepository } from '../src/image/chart-source.repository.ts';
import { createDatabase } from '../src/storage/database.ts';

interface BareEnv {
  DATABASE_URL: string;
  DATABASE_HTTP_ENDPOINT: string;
  MINIO_ENDPOINT: string;
  MINIO_REGION: string;
  MINIO_ACCESS_KEY: string;
  MINIO_SECRET_KEY: string;
}

/**
 * Parts of the image path and nothing around them: nothing at all, its one query, one signed GET.
 * For bench/store.ts.
 */
const app = new Hono<{ Bindings: BareEnv }>();

app.get('/nothing', (c) => c.text('nothing'));

app.get('/query/:id', async (c) => {
  const { DATABASE_URL: databaseUrl, DATABASE_HTTP_ENDPOINT: httpEndpoint } = c.env;
  const sources = createChartSourceRepository(createDatabase({ databaseUrl, httpEndpoint }));
  const source = await sources.find(Number(c.req.param('id')));
  return c.text(source?.type ?? 'nothing');
});

app.get('/object', async (c) => {
  const client = new AwsClient({
    accessKeyId: c.env.MINIO_ACCESS_KEY,
    secretAccessKey: c.env.MINIO_SECRET_KEY,
    region: c.env.MINIO_REGION,
    service: 's3',
    retries: 0,
  });
  const response = await client.fetch(c.req.query('url') ?? '');
  return new Response(await response.arrayBuffer(), { status: response.status });
});

export default app;
