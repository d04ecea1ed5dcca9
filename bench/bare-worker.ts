import { Hono } from 'hono';

const KEY = 'https://bench.chartproof.internal/picture';

/**
 * The least that a Worker can do for an image: one route, one `cache.match`, the response as it
 * lies there.
 */
const app = new Hono();

app.put('/picture', async (c) => {
  const headers = {
    'content-type': 'image/png',
    'cache-control': 'public, max-age=31536000, immutable',
  };
  await caches.default.put(KEY, new Response(await c.req.arrayBuffer(), { headers }));
  return c.text('kept');
});
app.get('/picture', async (c) => (await caches.default.match(KEY)) ?? c.text('nothing kept', 404));

export default app;
