import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#shared/ids.ts';
import { type Answer, createHttpHarness, type HttpHarness } from './harness.ts';

/** The ids that a route may be asked for. */
interface Objects {
  project: string;
  session: string;
  toolCall: string;
  request: string;
  turn: string;
}

interface Row {
  /** What the owner gets for an object of their own. */
  own: number;
  body?: (objects: Objects) => object;
  /** What fills the path's parameters; a row without belongs to no object. */
  params?: (objects: Objects) => Record<string, string>;
  /** The object is named in the query. */
  query?: (objects: Objects) => string;
  /** The object is named in the body only. */
  inBody?: true;
}

const project = (objects: Objects) => ({ id: objects.project });
const session = (objects: Objects) => ({ id: objects.session });
const byProject = (objects: Objects) => `project_id=${objects.project}`;
const config = () => ({ provider: 'acme', model: 'big-1' });

/** One row per route that needs a token; a route without a row fails. */
const ROWS: Record<string, Row> = {
  'POST /api/auth/refresh': { own: 200 },
  'POST /api/auth/logout': { own: 200 },
  'GET /api/auth/verify': { own: 200 },
  'GET /api/projects': { own: 200 },
  'POST /api/projects': { own: 200, body: () => ({ name: 'another' }) },
  'GET /api/projects/:id': { own: 200, params: project },
  'PUT /api/projects/:id': { own: 200, params: project, body: () => ({ name: 'renamed' }) },
  'DELETE /api/projects/:id': { own: 200, params: project },
  'GET /api/projects/:id/sessions': { own: 200, params: project },
  'POST /api/sessions': {
    own: 200,
    inBody: true,
    body: (objects) => ({ project_id: objects.project, title: 'a title' }),
  },
  'DELETE /api/sessions/:id': { own: 200, params: session },
  'GET /api/sessions/:id/status': { own: 200, params: session },
  'GET /api/sessions/:id/config': { own: 200, params: session },
  'PUT /api/sessions/:id/config': { own: 200, params: session, body: config },
  'GET /api/sessions/:id/messages': { own: 200, params: session },
  'GET /api/sessions/:id/tool-calls': { own: 200, params: session },
  'GET /api/sessions/:id/tool-calls/pending': { own: 200, params: session },
  'GET /api/sessions/:id/tool-calls/:toolCallId': {
    own: 200,
    params: (objects) => ({ id: objects.session, toolCallId: objects.toolCall }),
  },
  'POST /api/sessions/:id/messages': { own: 202, params: session, body: () => ({ content: 'hello' }) },
  'GET /api/sessions/:id/history': { own: 200, params: session },
  'GET /api/sessions/:id/history/:path{.+}': {
    own: 200,
    params: (objects) => ({ id: objects.session, path: 'workspace/a.txt' }),
  },
  'GET /api/sessions/:id/queue': { own: 200, params: session },
  'DELETE /api/sessions/:id/queue/:turnId': {
    own: 200,
    params: (objects) => ({ id: objects.session, turnId: objects.turn }),
  },
  'POST /api/sessions/:id/cancel': { own: 202, params: session },
  'POST /api/sessions/:id/summarize': { own: 202, params: session },
  'POST /api/sessions/:id/permissions/:requestId': {
    own: 202,
    params: (objects) => ({ id: objects.session, requestId: objects.request }),
    body: () => ({ decision: 'deny' }),
  },
  'GET /api/files': { own: 200, inBody: true, query: byProject },
  'GET /api/files/content': {
    own: 200,
    inBody: true,
    query: (objects) => `${byProject(objects)}&path=README.md`,
  },
  'GET /api/files/diff': { own: 200, inBody: true, query: byProject },
  'GET /api/auto-model': { own: 200 },
  'GET /api/providers': { own: 200 },
  'GET /api/providers/:provider/models': { own: 200, params: () => ({ provider: 'acme' }) },
};

/** What every user may see alike. */
const SHARED = new Set(['GET /api/providers/:provider/models']);
const PUBLIC = ['GET /health', 'GET /ready', 'POST /api/auth/register', 'POST /api/auth/login'];

let server: HttpHarness;
let owner = '';
let stranger = '';
let revoked = '';
beforeAll(async () => {
  server = await createHttpHarness('postgres');
  owner = (await server.register('owner')).token;
  stranger = (await server.register('stranger')).token;
  revoked = (await server.register('revoked')).token;
  await server.call('POST', '/api/auth/logout', { token: revoked });
});
afterAll(() => server.close());

function missing(): Objects {
  return { project: newId(), session: newId(), toolCall: newId(), request: newId(), turn: newId() };
}

/** A project with a session, whose turn has a tool call that waits for an answer. */
async function makeObjects(token: string): Promise<Objects> {
  const made = async (path: string, body: object) => (await server.call('POST', path, { token, body })).json;
  const { id: projectId } = await made('/api/projects', { name: 'a project' });
  const { id: sessionId } = await made('/api/sessions', { project_id: projectId, title: 'a session' });
  const { turn_id: turnId, message_id: messageId } = await made(`/api/sessions/${sessionId}/messages`, {
    content: 'a prompt',
  });
  const objects = {
    project: projectId,
    session: sessionId,
    toolCall: newId(),
    request: newId(),
    turn: turnId,
  };
  const now = Date.now();
  const { fileVersions, toolCalls, permissions } = server.system.repositories;
  await toolCalls.insertMany([
    {
      id: objects.toolCall,
      sessionId,
      messageId,
      turnId,
      providerCallId: 'call_1',
      name: 'bash',
      input: '{"command":"ls"}',
      status: 'awaiting_permission',
      result: null,
      isError: false,
      errorMessage: null,
      createdAt: now,
      updatedAt: now,
      startedAt: null,
      finishedAt: null,
    },
  ]);
  for (const content of ['one\n', 'two\n']) {
    await fileVersions.add({ id: newId(), sessionId, path: '/workspace/a.txt', content, createdAt: now });
  }
  await permissions.insert({
    id: objects.request,
    sessionId,
    turnId,
    toolCallId: objects.toolCall,
    toolName: 'bash',
    action: 'execute',
    description: 'run ls',
    path: '/workspace',
    params: { command: 'ls' },
    fingerprint: 'f'.repeat(64),
    status: 'pending',
    decidedBy: null,
    decidedAt: null,
    expiresAt: null,
    createdAt: now,
  });
  return objects;
}

function ask(key: string, row: Row, objects: Objects, token?: string): Promise<Answer> {
  const [method = '', pattern = ''] = key.split(' ');
  const params = row.params?.(objects) ?? {};
  const path = pattern.replace(/:(\w+)(?:\{[^}]*\})?/g, (_, name: string) => params[name] ?? '');
  const query = row.query === undefined ? '' : `?${row.query(objects)}`;
  return server.call(method, path + query, { token, body: row.body?.(objects) });
}

const shape = ({ status, json }: Answer) => ({ status, body: { ...json, request_id: 'any' } });

describe('authorization', () => {
  it('knows every route of the table', () => {
    const table = server.routes.map(
      ({ endpoint: { method, path, access } }) => `${access} ${method} ${path}`,
    );
    const rows = [...Object.keys(ROWS).map((key) => `user ${key}`), ...PUBLIC.map((key) => `public ${key}`)];
    expect(table).toHaveLength(rows.length);
    expect(new Set(table)).toEqual(new Set(rows));
  });

  describe.each(Object.entries(ROWS))('of %s', (key, row) => {
    it('needs a valid token, before anything else is looked at', async () => {
      const objects = await makeObjects(owner);
      for (const some of [objects, missing()]) {
        for (const token of [undefined, revoked, 'a.b.c']) {
          const answer = await ask(key, row, some, token);
          expect([answer.status, answer.json.code]).toEqual([401, 'unauthenticated']);
        }
      }
    });

    it('answers a foreign object exactly as a missing one, and leaves it alone', async () => {
      if ((!row.params && !row.inBody) || SHARED.has(key)) return;
      const objects = await makeObjects(owner);
      const foreign = shape(await ask(key, row, objects, stranger));
      expect(foreign.status).toBe(404);
      expect(foreign).toEqual(shape(await ask(key, row, missing(), stranger)));
      expect(foreign).toEqual(shape(await ask(key, row, missing(), owner)));
      for (const hostile of ['__proto__', '..%2f', '%00', "'or'1", 'null', '%E0%A4%A']) {
        const odd = {
          project: hostile,
          session: hostile,
          toolCall: hostile,
          request: hostile,
          turn: hostile,
        };
        expect(shape(await ask(key, row, odd, owner))).toEqual(foreign);
      }
      const [stored] = await server.system.repositories.sessions.listByProject(objects.project, { limit: 1 });
      expect(stored?.id).toBe(objects.session);
      expect((await server.system.repositories.permissions.get(objects.request))?.status).toBe('pending');
    });

    it('does not take a part of one object for another', async () => {
      if (!/:(toolCallId|requestId)/.test(key)) return;
      const [mine, theirs] = [await makeObjects(stranger), await makeObjects(owner)];
      const mixed = { ...mine, toolCall: theirs.toolCall, request: theirs.request, turn: theirs.turn };
      expect((await ask(key, row, mixed, stranger)).status).toBe(404);
    });

    it('lets the owner in, and shows others nothing of it', async () => {
      const objects = await makeObjects(owner);
      const token = key.endsWith('/logout')
        ? (await server.register(`leaver${newId().slice(-6)}`)).token
        : owner;
      const answer = await ask(key, row, objects, token);
      expect(answer.status).toBe(row.own);
      if (row.params || row.inBody) return;
      const other = await ask(key, row, objects, key.endsWith('/logout') ? token : stranger);
      for (const id of Object.values(objects)) expect(other.text).not.toContain(id);
    });
  });
});
