import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '#domain/protocol/http/endpoint.ts';
import { createHttpHarness, type HttpHarness } from './harness.ts';

const LONG = 'x'.repeat(20_000);
/** Values that have broken parsers, columns or arithmetic somewhere. */
const HOSTILE: unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  '',
  ' ',
  '0',
  'null',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '$(id)',
  '`id`',
  '$'.concat('{jndi:ldap://x}'),
  "'; drop table users; --",
  '\u202e\u200b\ufeff',
  '🧨'.repeat(50),
  'e\u0301'.repeat(200),
  '\ud83d',
  'a\u0000b',
  LONG,
  [],
  [[[[[]]]]],
  [null],
  {},
  { toString: null },
  { length: -1 },
  { $ne: null },
];

const PROJECT_FIELDS = [
  ...[
    'name',
    'description',
    'external_ip',
    'frontend_port',
    'backend_port',
    'workspace_path',
    'container_name',
  ],
  ...['workdir_path', 'backend_language', 'backend_command', 'need_database', 'subdomain'],
];
/** What each route reads from its body; a route that is missing here fails. */
const FIELDS: Record<string, string[]> = {
  'POST /api/auth/register': ['username', 'email', 'password'],
  'POST /api/auth/login': ['email', 'password'],
  'POST /api/projects': PROJECT_FIELDS,
  'PUT /api/projects/:id': PROJECT_FIELDS,
  'POST /api/sessions': ['project_id', 'title', 'model_config', 'is_auto'],
  'PUT /api/sessions/:id/config': [
    ...['provider', 'model', 'api_key', 'base_url', 'max_tokens', 'temperature', 'top_p', 'reasoning_effort'],
  ],
  'POST /api/sessions/:id/messages': ['content', 'images'],
  'POST /api/sessions/:id/permissions/:requestId': ['decision'],
};
const VALID: Record<string, unknown> = {
  username: 'fuzz',
  email: 'fuzz@example.com',
  password: 'fuzz-long-password',
  name: 'fuzz',
  title: 'fuzz',
  provider: 'acme',
  model: 'big-1',
  content: 'fuzz',
  decision: 'deny',
};

let server: HttpHarness;
let token = '';
let projectId = '';
let sessionId = '';
beforeAll(async () => {
  server = await createHttpHarness('postgres', {
    promptLimits: { maxQueued: 100_000, maxQueuedPerSession: 100_000 },
  });
  token = (await server.register('owner')).token;
  projectId = (await server.call('POST', '/api/projects', { token, body: { name: 'p' } })).json.id;
  const body = { project_id: projectId, title: 't' };
  sessionId = (await server.call('POST', '/api/sessions', { token, body })).json.id;
});
afterAll(() => server.close());

const endpoints = () => server.routes.map(({ endpoint }) => endpoint);
const keyOf = ({ method, path }: Endpoint) => `${method} ${path}`;

function pathOf(route: Endpoint): string {
  return route.path
    .replace('/projects/:id', `/projects/${projectId}`)
    .replace('/sessions/:id', `/sessions/${sessionId}`)
    .replace(/:\w+/g, '00000000-0000-7000-8000-000000000000');
}

async function send(route: Endpoint, raw: string): Promise<void> {
  const { status, json } = await server.call(route.method, pathOf(route), { token, raw });
  expect(status, `${route.method} ${route.path} with ${raw.slice(0, 200)}`).toBeLessThan(500);
  if (status >= 400) expect(json).toMatchObject({ error: expect.any(String), code: expect.any(String) });
}

describe('hostile bodies', () => {
  it('never make a route fail', async () => {
    const routes = endpoints().filter(({ body }) => body !== undefined);
    expect(new Set(routes.map(keyOf))).toEqual(new Set(Object.keys(FIELDS)));
    for (const route of routes) {
      const fields = FIELDS[keyOf(route)] ?? [];
      for (const value of HOSTILE) {
        await send(route, JSON.stringify(value));
        await send(route, JSON.stringify(Object.fromEntries(fields.map((field) => [field, value]))));
        for (const field of fields) {
          await send(route, JSON.stringify({ ...VALID, project_id: projectId, [field]: value }));
        }
      }
    }
    expect(server.logs.filter(({ level }) => level === 'error')).toEqual([]);
  }, 60_000);

  it('never make a route fail by its query', async () => {
    for (const route of endpoints().filter(({ method }) => method === 'GET')) {
      for (const value of ['', '0', '-1', '1e9', '%00', '%ff', '%E0%A4%A', "'", '[]', LONG.slice(0, 5000)]) {
        const query = `limit=${value}&cursor=${value}&before=${value}&limit=${value}`;
        const { status } = await server.call('GET', `${pathOf(route)}?${query}`, { token });
        expect(status, `${route.path}?${query.slice(0, 100)}`).toBeLessThan(500);
      }
    }
  });
});
