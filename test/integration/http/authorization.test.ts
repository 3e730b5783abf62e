import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OWNED_KINDS } from '#domain/protocol/http/common/ids.ts';
import { endpoint } from '#domain/protocol/http/endpoint.ts';
import { ENDPOINTS } from '#domain/protocol/http/endpoints.ts';
import { newId } from '#shared/ids.ts';
import { type Answer, createHttpHarness, type HttpHarness } from './harness.ts';
import {
  type Asked,
  type Field,
  fieldsOf,
  isOwned,
  type Objects,
  requestOf,
  unexplained,
} from './requests.ts';

let server: HttpHarness;
let stranger = '';
let revoked = '';
beforeAll(async () => {
  server = await createHttpHarness('postgres');
  stranger = (await server.register('stranger')).token;
  revoked = (await server.register('revoked')).token;
  await server.call('POST', '/api/auth/logout', { token: revoked });
});
afterAll(() => server.close());

/** Ids that nobody has, and what everybody may name. */
function missing(): Objects {
  return {
    project: newId(),
    session: newId(),
    tool_call: newId(),
    permission_request: newId(),
    turn: newId(),
    provider: 'acme',
    workspace_file: 'README.md',
    changed_file: 'workspace/a.txt',
  };
}

const ownedAs = (value: string): Objects => ({
  ...missing(),
  ...Object.fromEntries(OWNED_KINDS.map((kind) => [kind, value])),
});

/** A project with a session, whose turn has a tool call that waits for an answer. */
async function makeObjects(token: string): Promise<Objects> {
  const made = async (path: string, body: object) => (await server.call('POST', path, { token, body })).json;
  const { id: projectId } = await made('/api/projects', {
    name: 'a project',
    frontend_port: 5173,
    frontend_command: 'npm run dev',
  });
  const { id: sessionId } = await made('/api/sessions', { project_id: projectId, title: 'a session' });
  const { turn_id: turnId, message_id: messageId } = await made(`/api/sessions/${sessionId}/messages`, {
    content: 'a prompt',
  });
  const objects: Objects = { ...missing(), project: projectId, session: sessionId, turn: turnId };
  const now = Date.now();
  const { fileVersions, toolCalls, permissions } = server.system.repositories;
  await toolCalls.insertMany([
    {
      id: objects.tool_call,
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
    id: objects.permission_request,
    sessionId,
    turnId,
    toolCallId: objects.tool_call,
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
    scopes: [],
    createdAt: now,
  });
  return objects;
}

const ask = ({ method, path, body }: Asked, token?: string): Promise<Answer> =>
  server.call(method, path, { token, body });
const newOwner = async () => (await server.register(`owner${newId().slice(-8)}`)).token;
const shape = ({ status, json }: Answer) => ({ status, body: { ...json, request_id: 'any' } });

/** The request in each way in which it may name an object: an optional field is one more way. */
function waysToAsk(declared: (typeof ENDPOINTS)[number]): Array<(objects: Objects) => Asked> {
  const optional = fieldsOf(declared).filter((field) => isOwned(field) && !field.required);
  const ways: Array<Field | undefined> = optional.length > 0 ? optional : [undefined];
  return ways.map((field) => (objects) => requestOf(declared, objects, field));
}

const protectedEndpoints = ENDPOINTS.filter(({ access }) => access === 'user').map(
  (declared) => [`${declared.method} ${declared.path}`, declared] as const,
);

describe('authorization', () => {
  it('covers every route that is served, and knows what each parameter names', () => {
    expect(new Set(server.routes.map((route) => route.endpoint))).toEqual(new Set(ENDPOINTS));
    expect(unexplained(ENDPOINTS)).toEqual([]);
  });

  it('finds a parameter that names nobody knows what', () => {
    const planted = endpoint({
      method: 'GET',
      path: '/api/things/:id/parts/:part',
      access: 'user',
      summary: 'A part.',
      params: z.object({ id: z.string() }),
      replies: { 200: z.object({}) },
    });
    expect(unexplained([...ENDPOINTS, planted])).toEqual([
      'GET /api/things/:id/parts/:part: id',
      'GET /api/things/:id/parts/:part: part',
    ]);
  });

  describe.each(protectedEndpoints)('of %s', (_, declared) => {
    const ways = waysToAsk(declared);
    const isOfObject = fieldsOf(declared).some(isOwned);

    it('needs a valid token, before anything else is looked at', async () => {
      for (const objects of [await makeObjects(stranger), missing()]) {
        for (const token of [undefined, revoked, 'a.b.c']) {
          for (const way of ways) {
            const answer = await ask(way(objects), token);
            expect([answer.status, answer.json.code]).toEqual([401, 'unauthenticated']);
          }
        }
      }
    });

    if (isOfObject) {
      it('answers a foreign object exactly as a missing one, and leaves it alone', async () => {
        const owner = await newOwner();
        const objects = await makeObjects(owner);
        for (const way of ways) {
          const foreign = shape(await ask(way(objects), stranger));
          expect(foreign.status).toBe(404);
          expect(foreign).toEqual(shape(await ask(way(missing()), stranger)));
          expect(foreign).toEqual(shape(await ask(way(missing()), owner)));
          for (const hostile of ['__proto__', '..%2f', '%00', "'or'1", 'null', '%E0%A4%A']) {
            expect(shape(await ask(way(ownedAs(hostile)), owner)), hostile).toEqual(foreign);
          }
        }
        const [stored] = await server.system.repositories.sessions.listByProject(objects.project, {
          limit: 1,
        });
        expect(stored?.id).toBe(objects.session);
        const { permissions } = server.system.repositories;
        expect((await permissions.get(objects.permission_request))?.status).toBe('pending');
      });
    }

    if (fieldsOf(declared).filter(isOwned).length > 1 && ways.length === 1) {
      it('does not take a part of one object for another', async () => {
        const [mine, theirs] = [await makeObjects(stranger), await makeObjects(await newOwner())];
        const mixed = { ...theirs, project: mine.project, session: mine.session };
        for (const way of ways) expect((await ask(way(mixed), stranger)).status).toBe(404);
      });
    }

    it('lets the owner in, and shows others nothing of it', async () => {
      const owner = await newOwner();
      for (const way of ways) {
        const objects = await makeObjects(owner);
        const answer = await ask(way(objects), owner);
        // The waiting turn may stand in the way, which nobody else is told.
        const inTheWay = answer.status === 409 && declared.errors?.includes('conflict');
        if (!inTheWay) expect(declared.replies, answer.text).toHaveProperty([answer.status]);
        if (isOfObject) continue;
        const other = await ask(way(objects), await newOwner());
        for (const kind of OWNED_KINDS) expect(other.text).not.toContain(objects[kind]);
      }
    });
  });
});
