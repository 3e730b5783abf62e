import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#shared/ids.ts';
import { type Account, attach, type Conversation, newConversation, register } from './client.ts';
import { type Deployment, deploy } from './deployment.ts';

describe('two users', () => {
  let deployment: Deployment;
  let owner: Account;
  let stranger: Account;
  let conversation: Conversation;
  beforeAll(async () => {
    deployment = await deploy('one process');
    owner = await register(deployment);
    stranger = await register(deployment);
    conversation = await newConversation(owner);
  });
  afterAll(() => deployment.close());

  it('are told the same of what is foreign and of what is missing', async () => {
    const routes: Array<[method: string, path: (project: string, session: string) => string, body?: object]> =
      [
        ['GET', (project) => `/api/projects/${project}`],
        ['PUT', (project) => `/api/projects/${project}`, { name: 'mine' }],
        ['DELETE', (project) => `/api/projects/${project}`],
        ['GET', (project) => `/api/projects/${project}/sessions`],
        ['GET', (_, session) => `/api/sessions/${session}/messages`],
        ['GET', (_, session) => `/api/sessions/${session}/config`],
        ['PUT', (_, session) => `/api/sessions/${session}/config`, { provider: 'demo', model: 'demo-1' }],
        ['GET', (_, session) => `/api/sessions/${session}/status`],
        ['GET', (_, session) => `/api/sessions/${session}/tool-calls`],
        ['GET', (_, session) => `/api/sessions/${session}/tool-calls/pending`],
        ['POST', (_, session) => `/api/sessions/${session}/messages`, { content: 'hello' }],
        ['POST', (_, session) => `/api/sessions/${session}/cancel`],
        ['DELETE', (_, session) => `/api/sessions/${session}`],
      ];
    for (const [method, path, body] of routes) {
      const foreign = await stranger.call(method, path(conversation.projectId, conversation.sessionId), body);
      const missing = await stranger.call(method, path(newId(), newId()), body);
      const essence = ({
        status,
        body: { error, code },
      }: {
        status: number;
        body: { error?: string; code?: string };
      }) => ({ status, error, code });
      expect(essence(foreign as never), `${method} ${path(':project', ':session')}`).toEqual(
        essence(missing as never),
      );
      expect(foreign.status).toBe(404);
    }
    expect((await owner.call('GET', `/api/projects/${conversation.projectId}`)).status).toBe(200);
  });

  it("cannot attach to or drive each other's sessions over a socket", async () => {
    await expect(attach(deployment, stranger, { sessionId: conversation.sessionId })).rejects.toThrow('404');
    await expect(attach(deployment, stranger, { sessionId: newId() })).rejects.toThrow('404');
    const own = await newConversation(stranger);
    const socket = await attach(deployment, stranger, { sessionId: own.sessionId });
    const frames = [
      { type: 'reconnect', lastMsgId: '' },
      { type: 'message', content: 'hello' },
      { type: 'cancel' },
      { type: 'permission_response', id: newId(), granted: true, denied: false },
    ];
    for (const frame of frames) {
      const before = socket.frames.filter((received) => received.Type === 'error').length;
      socket.send({ ...frame, sessionID: conversation.sessionId });
      const foreign = await socket.wait(
        'error',
        () => socket.frames.filter((received) => received.Type === 'error').length > before,
      );
      expect(foreign, frame.type).toMatchObject({ Type: 'error' });
    }
    const errors = socket.frames.filter((received) => received.Type === 'error');
    expect(new Set(errors.map((error) => (error as { code: string }).code))).toEqual(new Set(['not_found']));
    await socket.close();
  });
});
