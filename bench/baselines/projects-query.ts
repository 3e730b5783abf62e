import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import postgres from 'postgres';

/** The same rows by the same query, without accounts, limits, logs or views. */
const [port = '', url = '', userId = ''] = process.argv.slice(2);
const CONNECTIONS = 25;
const PAGE = 501;
const sql = postgres(url, { max: CONNECTIONS });
const app = new Hono();
app.get('/health', (c) => c.json({ status: 'healthy' }));
app.get('/api/projects', async (c) =>
  c.json(
    await sql`select * from projects where user_id = ${userId} order by created_at desc, id desc limit ${PAGE}`,
  ),
);
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(port) });
process.once('SIGTERM', () => {
  server.close();
  void sql.end({ timeout: 1 });
});
