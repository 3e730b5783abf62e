import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '#http/kit/listen.ts';
import { deferred } from '#shared/async/deferred.ts';
import { createHttpHarness } from './harness.ts';

const host = '127.0.0.1';
const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(app: Pick<Hono, 'fetch'>, drainTimeoutMs = 5_000): Promise<HttpServer> {
  const server = await startHttpServer({ app, host, port: 0, drainTimeoutMs });
  open.push(server);
  return server;
}

/** Sends bytes and resolves with all that comes back until the socket closes. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, host);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('http server', () => {
  it('names the address that is taken', async () => {
    const first = await start(new Hono());
    await expect(startHttpServer({ app: new Hono(), host, port: first.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on ${host}:${first.port}: another program already listens there`,
    });
  });

  it('lets a request that has begun finish and takes no new one', async () => {
    const gate = deferred<void>();
    const begun = deferred<void>();
    const app = new Hono().get('/slow', async (c) => {
      begun.resolve();
      await gate.promise;
      return c.text('done');
    });
    const server = await start(app);
    const slow = fetch(`http://${host}:${server.port}/slow`);
    await begun.promise;
    const closed = server.close();
    expect(server.close()).toBe(closed);
    await expect(fetch(`http://${host}:${server.port}/slow`)).rejects.toThrow();
    gate.resolve();
    expect(await (await slow).text()).toBe('done');
    await closed;
  });

  it('cuts what does not finish in time, upgraded sockets among it', async () => {
    const server = await start(
      new Hono().get('/never', () => new Promise<Response>(() => {})),
      100,
    );
    const arrived = deferred<void>();
    server.server.on('upgrade', (_request, socket) => {
      socket.on('error', () => {});
      arrived.resolve();
    });
    const hanging = fetch(`http://${host}:${server.port}/never`).catch(() => 'cut');
    const upgrade = request({ host, port: server.port, headers: { connection: 'upgrade', upgrade: 'x' } });
    const upgraded = once(upgrade, 'error').catch(() => {});
    upgrade.end();
    await arrived.promise;
    await server.close();
    expect(await hanging).toBe('cut');
    await upgraded;
  });

  it('is not held open by idle keep-alive connections', async () => {
    const server = await start(new Hono().get('/', (c) => c.text('x')));
    await (await fetch(`http://${host}:${server.port}/`)).text();
    const begun = performance.now();
    await server.close();
    // Less than the time after which a drain cuts connections.
    expect(performance.now() - begun).toBeLessThan(9_000);
  });

  it('answers oversized headers with 431 and rubbish with 400', async () => {
    const server = await start(new Hono().get('/', (c) => c.text('x')));
    const big = `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'x'.repeat(100_000)}\r\n\r\n`;
    expect(await exchange(server.port, big)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await exchange(server.port, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(server.server.headersTimeout).toBeLessThanOrEqual(15_000);
    expect(server.server.requestTimeout).toBeLessThanOrEqual(60_000);
  });
});

describe('the API behind a real socket', () => {
  it('logs in, refuses a body over the limit while it streams, and sees through trusted proxies only', async () => {
    const api = await createHttpHarness('pglite', { trustedProxies: ['127.0.0.0/8'] });
    const server = await start(api.app);
    const base = `http://${host}:${server.port}`;
    const { token } = await api.register('socket');
    const authorization = `Bearer ${token}`;
    try {
      const listed = await fetch(`${base}/api/projects`, { headers: { authorization } });
      expect([listed.status, await listed.json()]).toEqual([200, []]);
      expect(listed.headers.get('content-type')).toBe('application/json');

      const head = `POST /api/projects HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const chunk = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`;
      expect(await exchange(server.port, head + chunk.repeat(40))).toMatch(/^HTTP\/1\.1 413 /);

      const guess = (forwarded: string) =>
        fetch(`${base}/api/auth/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': forwarded },
          body: JSON.stringify({ email: `${forwarded}@example.com`, password: 'wrong password' }),
        });
      // More of one network at once would be refused before they are looked at.
      for (let batch = 0; batch < 5; batch += 1) {
        await Promise.all(Array.from({ length: 10 }, (_, i) => guess(`10.0.${batch}.${i}, 192.0.2.1`)));
      }
      expect((await guess('10.9.9.9, 192.0.2.1')).status).toBe(429);
      expect((await guess('10.9.9.9, 192.0.2.2')).status).toBe(401);
    } finally {
      await server.close();
      await api.close();
    }
  });
});
