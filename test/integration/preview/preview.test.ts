import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newId } from '#shared/ids.ts';
import { until } from '../../harness/until.ts';
import { hasBubblewrap, openWorkspace } from '../sandbox/drivers.ts';
import { openRemoteWorkspace } from '../sandbox-remote/world.ts';
import { APP_PORT, createPreviewWorld, type PreviewWorld, startApp } from './world.ts';

type Subject = Awaited<ReturnType<typeof openWorkspace>> | Awaited<ReturnType<typeof openRemoteWorkspace>>;

const DRIVERS: Array<[string, () => Promise<Subject>]> = [
  ...(hasBubblewrap
    ? ([['bubblewrap', () => openWorkspace()]] as Array<[string, () => Promise<Subject>]>)
    : []),
  ['remote', () => openRemoteWorkspace()],
];

async function openSocket(world: PreviewWorld, headers: Record<string, string> = {}): Promise<WebSocket> {
  const to = world.target('/socket');
  const socket = new WebSocket(`ws://127.0.0.1:${world.port()}${to.path}`, {
    headers: { ...to.headers, ...headers },
  });
  socket.on('error', () => {});
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) =>
      reject(new Error(String(response.statusCode))),
    );
    socket.once('close', () => reject(new Error('closed')));
  });
  return socket;
}

describe.each(DRIVERS)('a preview of a workspace by %s', (_name, openSubject) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await openSubject();
    await startApp(subject.workspace);
  });
  afterAll(() => subject.close());

  describe.each(['own', 'path'] as const)('with the layout %s', (layout) => {
    let world: PreviewWorld;
    beforeAll(async () => {
      world = await createPreviewWorld({ subject, layout });
    });
    afterAll(() => world.close());

    it('carries requests and answers of any size, and says who asked', async () => {
      const body = randomBytes(3_000_000);
      const echoed = await world.ask('/echo', { method: 'POST', body });
      expect(echoed.status).toBe(200);
      expect(echoed.body.equals(body)).toBe(true);
      const { body: seen } = await world.ask('/a/b?c=d%20e', {
        headers: { 'x-forwarded-for': '6.6.6.6', via: 'x' },
      });
      expect(JSON.parse(seen.toString())).toMatchObject({
        method: 'GET',
        url: '/a/b?c=d%20e',
        headers: { host: `localhost:${APP_PORT}`, 'x-forwarded-for': '192.0.2.9' },
      });
      expect(seen.toString()).not.toMatch(/6\.6\.6\.6|"via"/);
    });

    it('is found by the name of the project’s frontend, by whoever has a grant for it', async () => {
      if (layout === 'path') return;
      const at = (label: string, signed: string, path = '/') =>
        world.ask(path, {
          bare: true,
          headers: {
            host: `${label}.preview.localhost:${world.port()}`,
            cookie: `__Host-crush-preview=${signed}`,
          },
        });
      expect((await at('my-shop', world.pass())).status).toBe(401);
      // What was seen of the project a moment ago does not stand in the way.
      world.project.subdomain = 'my-shop';
      world.project.frontendPort = APP_PORT;
      const shown = await at('my-shop', world.pass());
      expect(shown.status).toBe(200);
      expect(JSON.parse(shown.body.toString()).headers.host).toBe(`localhost:${APP_PORT}`);
      const away = await at('my-shop', world.pass(), `/redirect?to=http://localhost:${APP_PORT}/x`);
      expect(away.headers.location).toBe(`http://my-shop.preview.localhost:${world.port()}/x`);
      expect((await world.ask('/')).status).toBe(200);
      expect((await at('other', world.pass())).status).toBe(401);
      expect((await at('my-shop', world.pass({ port: 22 }))).status).toBe(401);
      expect((await at('my-shop', world.pass({ projectId: newId() }))).status).toBe(401);
      expect((await at('a.my-shop', world.pass())).status).toBe(404);
      const ticket = world.signer.sign(world.grant(), 'ticket');
      const taken = await at('my-shop', '', `/.well-known/crush-preview/${ticket}`);
      expect(taken).toMatchObject({ status: 303, headers: { location: '/' } });
      expect((await at('my-shop', '', `/.well-known/crush-preview/${ticket}`)).status).toBe(401);
      world.project.subdomain = null;
    });

    it('never hands a credential of ours on', async () => {
      const { body } = await world.ask('/', {
        headers: layout === 'path' ? { authorization: 'Bearer t', cookie: 'x=1' } : {},
      });
      expect(body.toString()).not.toMatch(/crush-preview|Bearer t|x=1/);
      expect(body.toString()).not.toContain(world.pass().split('.')[0]);
    });

    it('joins WebSockets, until the access is revoked', async () => {
      const socket = await openSocket(world);
      socket.send('hello');
      expect(String((await once(socket, 'message'))[0])).toBe('hello');
      const closed = once(socket, 'close');
      await world.bus.publish('access_revoked', {
        userId: world.userId,
        loginSessionId: newId(),
        reason: 'logout',
      });
      expect(socket.readyState).toBe(WebSocket.OPEN);
      await world.bus.publish('access_revoked', {
        userId: world.userId,
        loginSessionId: world.loginSessionId,
        reason: 'logout',
      });
      await closed;
    });

    it('is left while its server floods, which then has to stop', async () => {
      const left = await world.ask('/flood', { leaveAfter: 1_000_000 });
      expect(left.complete).toBe(false);
      await until(
        async () => (await world.ask('/written')).body.toString() === 'closed',
        'the end of the flood',
      );
    });

    it('of a port where nothing listens, or that answers nonsense, is a sentence', async () => {
      expect(await world.ask('/', { appPort: 22 })).toMatchObject({ status: 502 });
      expect((await world.ask('/', { appPort: 22 })).body.toString()).toContain('Nothing listens on port 22');
      expect(await world.ask('/garbage')).toMatchObject({ status: 502 });
      const half = await world.ask('/cut');
      expect(half).toMatchObject({ status: 200, complete: false });
    });

    it('reaches the project’s loopback and never the host’s', async () => {
      const secret = createServer((_request, response) => response.end('of the host'));
      secret.listen(0, '127.0.0.1');
      await once(secret, 'listening');
      const { port } = secret.address() as AddressInfo;
      const answer = await world.ask('/', { appPort: port });
      secret.close();
      expect(answer).toMatchObject({ status: 502 });
    });
  });
});

describe.skipIf(!hasBubblewrap)('a preview', () => {
  let subject: Awaited<ReturnType<typeof openWorkspace>>;
  let own: PreviewWorld;
  let path: PreviewWorld;
  beforeAll(async () => {
    subject = await openWorkspace();
    await startApp(subject.workspace);
    own = await createPreviewWorld({ subject, layout: 'own', maxPerUser: 3 });
    path = await createPreviewWorld({ subject, layout: 'path' });
  });
  afterAll(async () => {
    await own.close();
    await path.close();
    await subject.close();
  });

  it('takes a ticket once and keeps a pass that scripts and other sites cannot use', async () => {
    const ticket = own.signer.sign(own.grant(), 'ticket');
    const at = { bare: true, headers: { host: own.hostOf() } };
    const taken = await own.ask(`/.well-known/crush-preview/${ticket}`, at);
    expect(taken).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie = ''] = taken.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      /^__Host-crush-preview=[^;]+; Path=\/; HttpOnly; .*Secure; SameSite=None; Partitioned$/,
    );
    const shown = await own.ask('/', {
      bare: true,
      headers: { ...at.headers, cookie: cookie.split(';')[0] ?? '' },
    });
    expect(shown.status).toBe(200);
    expect(await own.ask(`/.well-known/crush-preview/${ticket}`, at)).toMatchObject({ status: 401 });
  });

  it('is refused without a pass, with one of another port, project, use or time', async () => {
    const cookies = [
      '',
      '__Host-crush-preview=x.y',
      `__Host-crush-preview=${own.pass({ port: 8080 })}`,
      `__Host-crush-preview=${own.pass({ projectId: newId() })}`,
      `__Host-crush-preview=${own.pass({ expiresAt: Date.now() - 1 })}`,
      `__Host-crush-preview=${own.signer.sign(own.grant(), 'ticket')}`,
    ];
    for (const cookie of cookies) {
      const headers = { host: own.hostOf(), ...(cookie && { cookie }) };
      expect(await own.ask('/', { bare: true, headers })).toMatchObject({ status: 401 });
    }
    const foreign = path.pass({ port: 8080 });
    const at = `/preview/${path.project.id}/${APP_PORT}/~${foreign}/`;
    expect(await path.ask(at, { bare: true })).toMatchObject({ status: 401 });
  });

  it.each(['0', '00', '65536', '99999', '-1', '5173x', '%35173', '5173.evil'])(
    'has no port %s',
    async (port) => {
      const headers = { host: own.hostOf(port), cookie: `__Host-crush-preview=${own.pass()}` };
      expect(await own.ask('/', { bare: true, headers })).toMatchObject({ status: 404 });
      const at = `/preview/${path.project.id}/${port}/~${path.pass()}/`;
      expect(await path.ask(at, { bare: true })).toMatchObject({ status: 404 });
    },
  );

  it('leaves all other requests to the server behind it', async () => {
    expect((await own.ask('/api/projects', { bare: true })).body.toString()).toBe('the api');
    expect(
      (
        await own.ask('/', { bare: true, headers: { host: `preview.localhost:${own.port()}` } })
      ).body.toString(),
    ).toBe('the api');
    const socket = new WebSocket(`ws://127.0.0.1:${own.port()}/ws`);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(404);
    socket.terminate();
  });

  it('in a path is a stranger to the origin that it shares', async () => {
    const { headers } = await path.ask('/wild');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'self', sandbox allow-scripts (?!.*allow-same-origin)/,
    );
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'access-control-allow-origin': '*',
      'x-kept': 'yes',
    });
    for (const name of [
      'set-cookie',
      'clear-site-data',
      'service-worker-allowed',
      'strict-transport-security',
      'access-control-allow-credentials',
      'refresh',
      'x-hop',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(await path.ask('/sw.js', { headers: { 'service-worker': 'script' } })).toMatchObject({
      status: 403,
    });
  });

  it('on its own origin keeps its cookies to its host and ours from it', async () => {
    const { headers } = await own.ask('/wild');
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2']);
    expect(headers).not.toHaveProperty('clear-site-data');
    expect(headers).not.toHaveProperty('strict-transport-security');
    const cookie = `a=1; __Host-crush-preview=${own.pass()}; b=2`;
    const { body } = await own.ask('/', { bare: true, headers: { host: own.hostOf(), cookie } });
    expect(JSON.parse(body.toString()).headers.cookie).toBe('a=1; b=2');
  });

  it.each([
    ['/x', '/x'],
    [`http://localhost:${APP_PORT}/x?y#z`, 'ORIGIN/x?y#z'],
    [`http://127.0.0.1:${APP_PORT}/`, 'ORIGIN/'],
    ['http://localhost:6379/x', 'http://localhost:6379/x'],
    ['https://elsewhere.example/x', 'https://elsewhere.example/x'],
    ['//elsewhere.example/x', '//elsewhere.example/x'],
  ])('redirects %s to %s', async (to, expected) => {
    const asked = `/redirect?to=${encodeURIComponent(to)}`;
    const { headers } = await own.ask(asked);
    expect(headers.location).toBe(expected.replace('ORIGIN', `http://${own.hostOf()}`));
  });

  it('lets no page of another origin act', async () => {
    for (const origin of ['https://evil.example', 'null', `http://${own.hostOf(8080)}`]) {
      expect(await own.ask('/', { method: 'POST', headers: { origin } })).toMatchObject({ status: 403 });
      await expect(openSocket(own, { origin })).rejects.toThrow('403');
    }
    const mine = `http://${own.hostOf()}`;
    const { status, body } = await own.ask('/', { method: 'POST', headers: { origin: mine } });
    expect(status).toBe(200);
    expect(JSON.parse(body.toString()).headers.origin).toBe(`http://localhost:${APP_PORT}`);
  });

  it('takes no request that two servers may read in two ways', async () => {
    const { headers } = own.target('/');
    const head = `Host: ${headers.host}\r\nCookie: ${headers.cookie}\r\nConnection: close\r\n`;
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const [line, extra] of [
      ['POST /', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
      ['POST /', `Content-Length: 5\r\nContent-Length: 50\r\n\r\n${smuggled}`],
      ['POST /', `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`],
      ['GET /', `X-Big: ${'x'.repeat(70_000)}\r\n\r\n`],
      ['GET /', 'X-Split: a\rX-Injected: b\r\n\r\n'],
    ]) {
      const answer = await own.raw(`${line} HTTP/1.1\r\n${head}${extra}`);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toContain('smuggled');
    }
  });

  it('gives one user so many connections and no more, and takes them back', async () => {
    const waiting = Array.from({ length: 3 }, () => openSocket(own));
    const sockets = await Promise.all(waiting);
    expect(await own.ask('/')).toMatchObject({ status: 429 });
    for (const socket of sockets) socket.terminate();
    await until(async () => (await own.ask('/')).status === 200, 'room');
  });

  it('that is gone as its project or its login is ends what is open', async () => {
    const socket = await openSocket(own);
    const closed = once(socket, 'close');
    await own.bus.publish('project_deleted', { projectId: own.project.id });
    await closed;
    own.state.allowed = false;
    expect(await own.ask('/')).toMatchObject({ status: 401 });
    own.state.allowed = true;
  });
});
