import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pathTemplate } from '#domain/protocol/http/endpoint.ts';
import { createHttpHarness, type HttpHarness } from './harness.ts';

let server: HttpHarness;
let token = '';
beforeAll(async () => {
  server = await createHttpHarness();
  token = (await server.register('edge')).token;
});
afterAll(() => server.close());
afterEach(() => {
  server.state.draining = false;
});

describe('every answer', () => {
  it('carries a request id: the caller’s own when it is sane, else a new one', async () => {
    const id = async (sent?: string) =>
      (
        await server.call('GET', '/health', { headers: sent === undefined ? {} : { 'x-request-id': sent } })
      ).headers.get('x-request-id');
    expect(await id('trace-1.2:3')).toBe('trace-1.2:3');
    for (const sent of [undefined, '', 'a b', 'x'.repeat(65), '<script>']) {
      expect(await id(sent)).toMatch(/^[0-9a-f-]{36}$/);
    }
    const missing = await server.call('GET', '/nowhere');
    expect(missing.status).toBe(404);
    expect(missing.json).toEqual({
      error: expect.any(String),
      code: 'not_found',
      request_id: missing.headers.get('x-request-id'),
    });
  });

  it('carries the security headers', async () => {
    for (const path of ['/health', '/nowhere', '/api/projects']) {
      const { headers } = await server.call('GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      for (const directive of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
        expect(headers.get('content-security-policy')).toContain(directive);
      }
      expect(headers.get('strict-transport-security')).toContain('max-age');
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  it('is logged in one line, without query and token', async () => {
    server.logs.length = 0;
    await server.call('GET', `/api/auth/verify?token=${token}`, { token });
    const lines = server.logs.filter(({ message }) => message === 'request');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.fields).toMatchObject({ method: 'GET', path: '/api/auth/verify', status: 200 });
    expect(JSON.stringify(server.logs)).not.toContain(token);
  });
});

describe('origins', () => {
  it.each(['https://app.example.evil.com', 'https://evil.example', 'null', 'http://app.example'])(
    'gives %s no access',
    async (origin) => {
      const { headers } = await server.call('GET', '/health', { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      const preflight = await server.call('OPTIONS', '/api/projects', { headers: { origin } });
      expect(preflight.headers.get('access-control-allow-methods')).toBeNull();
    },
  );

  it('lets a listed one in, preflight included, without credentials', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
    const preflight = await server.call('OPTIONS', '/api/projects/x', { headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const refused = await server.call('GET', '/api/projects', { headers });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(refused.headers.get('access-control-expose-headers')).toContain('X-Next-Cursor');
  });

  it('refuses a change that another site asks for', async () => {
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const { status } = await server.call('POST', '/api/projects', { token, headers, body: { name: 'x' } });
    expect(status).toBe(403);
  });
});

describe('methods and bodies', () => {
  it('answers a wrong method of a known path with 405 and what is allowed', async () => {
    const { status, headers, json } = await server.call('PATCH', '/api/projects/abc', { token });
    expect([status, json.code]).toEqual([405, 'method_not_allowed']);
    expect(headers.get('allow')).toBe('GET, HEAD, PUT, DELETE, OPTIONS');
    expect((await server.call('GET', '/api/auth/login')).status).toBe(405);
    expect((await server.call('HEAD', '/health')).status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
  ])('refuses %s for changes, also where no body is taken', async (type) => {
    const headers = { 'content-type': type };
    const raw = '{"name":"x"}';
    expect((await server.call('POST', '/api/projects', { token, headers, raw })).status).toBe(415);
    expect((await server.call('POST', '/api/auth/refresh', { token, headers, raw: '' })).status).toBe(415);
    expect((await server.call('POST', '/api/auth/login', { headers, raw })).status).toBe(415);
  });

  it.each(['', '{', 'nul', '{"a":1}}', "{'a':1}", '\u0000'])(
    'answers the malformed body %j with 400',
    async (raw) => {
      const { status, json } = await server.call('POST', '/api/projects', {
        token,
        raw,
        headers: { 'content-type': 'application/json; charset=utf-8' },
      });
      expect([status, json.code]).toEqual([400, 'invalid_input']);
    },
  );

  it('refuses bytes that are no UTF-8 and text that no column can hold', async () => {
    const post = (raw: string | Uint8Array) => server.call('POST', '/api/projects', { token, raw });
    expect((await post(Uint8Array.from([0x7b, 0xff, 0x7d]))).status).toBe(400);
    expect((await post('{"name":"a\\u0000b"}')).status).toBe(400);
    expect((await post('{"name":"a\\ud83d\\ude00 \\\\u0000"}')).status).toBe(200);
  });

  it('takes half a surrogate pair for U+FFFD, wherever it stands', async () => {
    const post = (raw: string) => server.call('POST', '/api/projects', { token, raw });
    const { status, json } = await post('{"name":"cut \\ud83d...","description":"\\udc00\\ud83d\\ude00"}');
    expect(status).toBe(200);
    expect(json).toMatchObject({ name: 'cut \ufffd...', description: '\ufffd\u{1f600}' });
    expect((await post('{"name":"fine","x":[{"\\udc00":1}]}')).status).toBe(200);
    expect((await post('{"name":"\\ud800\\u0000"}')).status).toBe(400);
    expect((await post('{"na\\ud800":1,"__proto__":"\\ud800","name":"kept"}')).json.name).toBe('kept');
  });

  it('refuses a body over the limit, announced or streamed, without reading it all', async () => {
    const announced = await server.call('POST', '/api/projects', { token, raw: 'x'.repeat(1024 * 1024 + 1) });
    expect(announced.status).toBe(413);
    let pulled = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        if (pulled > 100) controller.close();
        else controller.enqueue(new Uint8Array(256 * 1024));
      },
    });
    const streamed = await server.app.request('/api/projects', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(streamed.status).toBe(413);
    expect(pulled).toBeLessThan(20);
  });

  it('survives deep nesting', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const raw of [deep, `{"name":"\\u0041","x":${deep}}`]) {
      expect((await server.call('POST', '/api/projects', { token, raw })).status).toBeLessThan(500);
    }
  });
});

describe('the description of the API', () => {
  it('is public, and lists every route as it is served', async () => {
    const { status, headers, json } = await server.call('GET', '/openapi.json');
    expect([status, headers.get('content-type'), json.openapi]).toEqual([200, 'application/json', '3.1.0']);
    const described = Object.entries<object>(json.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = server.routes.map(({ endpoint }) => `${endpoint.method} ${pathTemplate(endpoint)}`);
    expect(described).toHaveLength(served.length);
    expect(new Set(described)).toEqual(new Set(served));
    expect((await server.call('GET', '/openapi.json')).text).toBe(JSON.stringify(json));
  });
});

describe('state of the process', () => {
  it('is healthy and ready', async () => {
    expect((await server.call('GET', '/health')).json).toEqual({ status: 'healthy' });
    expect((await server.call('GET', '/ready')).json).toEqual({
      status: 'ready',
      checks: { database: 'ok' },
    });
  });

  it('refuses work while it drains, stays alive and is not ready', async () => {
    server.state.draining = true;
    const refused = await server.call('GET', '/api/projects', { token });
    expect([refused.status, refused.json.code]).toEqual([503, 'draining']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await server.call('GET', '/health')).status).toBe(200);
    expect((await server.call('GET', '/ready')).json.status).toBe('draining');
  });

  it('is not ready when a dependency fails, and names it', async () => {
    const checks = {
      database: async () => {},
      redis: async () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7')),
    };
    const other = await createHttpHarness('pglite', { checks });
    const { status, json, text } = await other.call('GET', '/ready');
    await other.close();
    expect([status, json.checks]).toEqual([503, { database: 'ok', redis: 'failing' }]);
    expect(text).not.toContain('10.0.0.7');
  });

  it('hides what went wrong inside and logs it once', async () => {
    const contexts: HttpHarness['deps']['contexts'] = () => {
      throw new Error('select * from secrets at /srv/app');
    };
    const broken = await createHttpHarness('pglite', { contexts });
    const body = { email: 'a@example.com', password: 'whatever it is' };
    const { status, json, text } = await broken.call('POST', '/api/auth/login', { body });
    await broken.close();
    expect([status, json.code]).toEqual([500, 'internal']);
    expect(text).not.toMatch(/select|srv/);
    expect(broken.logs.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});
