import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/** The least that answers `/health`. */
const app = new Hono();
app.get('/health', (c) => c.json({ status: 'healthy' }));
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.argv[2]) });
process.once('SIGTERM', () => server.close());
