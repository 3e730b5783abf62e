import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveModel } from '#domain/provider/index.ts';
import { finishTurn } from '#domain/turn/index.ts';
import { newId } from '#shared/ids.ts';
import { createSecretBox } from '../../../src/infra/auth/index.ts';
import { createHttpHarness, type HttpHarness, OPERATOR_KEY } from './harness.ts';

const secrets = createSecretBox({ masterKey: 'test-master-key-of-32-bytes-or-more' });

let server: HttpHarness;
let token = '';
let userId = '';
let projectId = '';
beforeAll(async () => {
  server = await createHttpHarness('pglite', { secrets });
  ({ token, userId } = await server.register('owner'));
  projectId = (await server.call('POST', '/api/projects', { token, body: { name: 'p' } })).json.id;
});
afterAll(() => server.close());

async function newSession(extra: object = {}): Promise<string> {
  const body = { project_id: projectId, title: 'a title', ...extra };
  const { status, json } = await server.call('POST', '/api/sessions', { token, body });
  expect(status).toBe(200);
  return json.id;
}
const get = (path: string) => server.call('GET', path, { token });
const putConfig = (id: string, body: object) =>
  server.call('PUT', `/api/sessions/${id}/config`, { token, body });
const resolve = (id: string, purpose: 'main' | 'small' = 'main') =>
  resolveModel({ ...server.deps, secrets }, server.system, { session: { id, userId }, purpose });

describe('sessions', () => {
  it('are created in a project of the caller and listed there', async () => {
    const body = { project_id: projectId, title: '  My title  ', model_config: null, is_auto: null };
    const { json } = await server.call('POST', '/api/sessions', { token, body });
    expect(json).toEqual({
      id: expect.any(String),
      project_id: projectId,
      title: 'My title',
      message_count: 0,
      prompt_tokens: 0,
      completion_tokens: 0,
      cost: 0,
      context_window: 200_000,
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
    });
    const listed = await get(`/api/projects/${projectId}/sessions`);
    expect(listed.json[0]).toEqual(json);
    const missing = { project_id: newId(), title: 't' };
    expect((await server.call('POST', '/api/sessions', { token, body: missing })).status).toBe(404);
  });

  it.each([
    [{ title: '' }, 'title'],
    [{ title: 't'.repeat(201) }, 'title'],
    [{ title: null }, 'title'],
    [{ is_auto: 'yes' }, 'is_auto'],
    [{ model_config: { provider: 'acme' } }, 'model_config.model'],
    [{ model_config: 'acme' }, 'model_config'],
  ])('refuse %j and name the field', async (extra, field) => {
    const body = { project_id: projectId, title: 't', ...extra };
    const { status, json } = await server.call('POST', '/api/sessions', { token, body });
    expect(status).toBe(400);
    expect(json.error).toMatch(new RegExp(`^${field}:`));
  });

  it('take a prompt once per idempotency key, and refuse another prompt under it', async () => {
    const id = await newSession();
    const send = (content: string, key: string) =>
      server.call('POST', `/api/sessions/${id}/messages`, {
        token,
        body: { content },
        headers: { 'idempotency-key': key },
      });
    const answers = await Promise.all(Array.from({ length: 10 }, () => send('hello', 'key-1')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ json }) => json.turn_id)).size).toBe(1);
    expect(answers[0]?.json).toEqual({ turn_id: expect.any(String), message_id: expect.any(String) });
    const other = await send('something else', 'key-1');
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_mismatch']);
    expect((await send('hello', 'not printable é')).status).toBe(400);
    expect(server.notices).toContainEqual({ topic: 'turn_queued', message: { sessionId: id } });
    expect((await get(`/api/sessions/${id}/messages`)).json).toMatchObject([
      {
        ID: answers[0]?.json.message_id,
        Role: 'user',
        SessionID: id,
        Parts: [
          { type: 'text', text: 'hello' },
          { type: 'finish', reason: 'stop' },
        ],
      },
    ]);
  });

  it('show their status and are cancelled', async () => {
    const id = await newSession();
    const status = async () => (await get(`/api/sessions/${id}/status`)).json;
    expect(await status()).toEqual({ session_id: id, status: '', is_running: false });
    await server.call('POST', `/api/sessions/${id}/messages`, { token, body: { content: 'hello' } });
    expect(await status()).toEqual({ session_id: id, status: 'running', is_running: true });
    expect((await server.call('POST', `/api/sessions/${id}/cancel`, { token })).status).toBe(202);
    expect(await status()).toEqual({ session_id: id, status: 'cancelled', is_running: false });
  });

  it('show what they did to files', async () => {
    const id = await newSession();
    const { fileVersions } = server.system.repositories;
    for (const content of ['one\n', 'one\ntwo\n']) {
      const version = {
        id: newId(),
        sessionId: id,
        path: '/workspace/src/a.ts',
        content,
        createdAt: Date.now(),
      };
      await fileVersions.add(version);
    }
    expect((await get(`/api/sessions/${id}/history`)).json).toMatchObject([
      { path: '/workspace/src/a.ts', version: 0, size: 4 },
      { path: '/workspace/src/a.ts', version: 1, size: 8 },
    ]);
    for (const path of ['src/a.ts', 'workspace/src/a.ts']) {
      const { json } = await get(`/api/sessions/${id}/history/${path}`);
      expect(json).toMatchObject({ path: '/workspace/src/a.ts', versions: [{ content: 'one\n' }, {}] });
      expect(json.versions[1].diff).toContain('+two');
    }
    expect((await get(`/api/sessions/${id}/history/none.ts`)).status).toBe(404);
  });

  it('list their queue and lose one prompt of it at a time', async () => {
    const id = await newSession();
    const submit = async (content: string) =>
      (await server.call('POST', `/api/sessions/${id}/messages`, { token, body: { content } })).json;
    const [first, second] = [await submit('one'), await submit('two')];
    const queue = async () =>
      (await get(`/api/sessions/${id}/queue`)).json.map(({ turn_id }: { turn_id: string }) => turn_id);
    expect(await queue()).toEqual([first.turn_id, second.turn_id]);
    const removal = `/api/sessions/${id}/queue/${second.turn_id}`;
    expect((await server.call('DELETE', removal, { token })).status).toBe(200);
    expect(await queue()).toEqual([first.turn_id]);
    expect((await server.call('DELETE', removal, { token })).status).toBe(409);
  });

  it('give their messages in pages from the end', async () => {
    const id = await newSession();
    for (const content of ['1', '2', '3', '4', '5']) {
      await server.call('POST', `/api/sessions/${id}/messages`, { token, body: { content } });
    }
    const seen: string[][] = [];
    let before = '';
    for (let pages = 0; pages < 5; pages++) {
      const answer = await get(`/api/sessions/${id}/messages?limit=2&before=${before}`);
      seen.push(answer.json.map(({ Parts }: { Parts: Array<{ text: string }> }) => Parts[0]?.text));
      const next = answer.headers.get('x-next-cursor');
      if (next === null) break;
      before = next;
    }
    expect(seen).toEqual([['4', '5'], ['2', '3'], ['1']]);
    const all = await get(`/api/sessions/${id}/messages`);
    expect([all.json.length, all.headers.get('x-next-cursor')]).toEqual([5, null]);
    const other = await newSession();
    const foreign = await get(`/api/sessions/${other}/messages?before=${all.json[0].ID}`);
    expect(foreign.status).toBe(400);
  });

  it('give no more messages and versions at once than some megabytes, and say where it goes on', async () => {
    const id = await newSession();
    const content = `${'x'.repeat(99)}\n`.repeat(9_000);
    for (let count = 0; count < 6; count += 1) {
      const { status } = await server.call('POST', `/api/sessions/${id}/messages`, {
        token,
        body: { content },
      });
      expect(status).toBe(202);
    }
    const page = await get(`/api/sessions/${id}/messages`);
    expect(page.json).toHaveLength(4);
    const rest = await get(`/api/sessions/${id}/messages?before=${page.headers.get('x-next-cursor')}`);
    expect([rest.json.length, rest.headers.get('x-next-cursor')]).toEqual([2, null]);
    const { fileVersions } = server.system.repositories;
    for (let count = 0; count < 12; count += 1) {
      const version = { id: newId(), sessionId: id, path: '/workspace/f', createdAt: 1 };
      await fileVersions.add({ ...version, content: `${content}${count}\n` });
    }
    const seen: unknown[] = [];
    for (let cursor = ''; ; ) {
      const answer = await get(`/api/sessions/${id}/history/f${cursor}`);
      for (const { version, diff } of answer.json.versions)
        seen.push([version, diff?.includes(`+${version}\n`)]);
      const next = answer.headers.get('x-next-cursor');
      if (next === null) break;
      cursor = `?cursor=${next}`;
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, at) => [at, at === 0 ? undefined : true]));
    const listed = await get(`/api/sessions/${id}/history?limit=10`);
    expect(listed.json).toHaveLength(10);
    const cursor = listed.headers.get('x-next-cursor');
    expect((await get(`/api/sessions/${id}/history?limit=10&cursor=${cursor}`)).json).toHaveLength(2);
    expect((await get(`/api/sessions/${id}/history/f?cursor=none`)).status).toBe(400);
  });

  it('are deleted once their running turn has ended', async () => {
    const id = await newSession();
    const { json } = await server.call('POST', `/api/sessions/${id}/messages`, {
      token,
      body: { content: 'go' },
    });
    const { turns } = server.system.repositories;
    let claimed = await turns.claim('worker', 60_000);
    while (claimed && claimed.turn.id !== json.turn_id) {
      claimed = await turns.claim('worker', 60_000);
    }
    const deleted = server.call('DELETE', `/api/sessions/${id}`, { token });
    const asked = { topic: 'turn_cancel', message: { sessionId: id } };
    await expect.poll(() => server.notices, { timeout: 5_000 }).toContainEqual(asked);
    expect((await get(`/api/sessions/${id}/status`)).json.is_running).toBe(true);
    await finishTurn(
      server.system,
      { id: json.turn_id, sessionId: id },
      { from: ['running'], status: 'cancelled' },
    );
    expect((await deleted).status).toBe(200);
    expect((await get(`/api/sessions/${id}/status`)).status).toBe(404);
  });

  it('are deleted with a queued turn, and their sockets are told', async () => {
    const id = await newSession();
    await server.call('POST', `/api/sessions/${id}/messages`, { token, body: { content: 'hello' } });
    const { eventLog } = server.deps;
    await expect.poll(async () => (await eventLog.head(id)).seq).toBeGreaterThan(0);
    const { epoch } = await eventLog.head(id);
    const { status, json } = await server.call('DELETE', `/api/sessions/${id}`, { token });
    expect([status, typeof json.message]).toEqual([200, 'string']);
    expect(await eventLog.read(id, { epoch, seq: 0 }, 1)).toEqual({ ok: false, reason: 'other_epoch' });
    expect(server.notices).toContainEqual({ topic: 'session_deleted', message: { sessionId: id } });
    expect((await get(`/api/sessions/${id}/status`)).status).toBe(404);
  });
});

describe('session config', () => {
  const full = {
    provider: 'acme',
    model: 'big-1',
    api_key: 'sk-user-canary-9876',
    base_url: 'https://proxy.example/v1/',
    max_tokens: 1234,
    temperature: 0.5,
    top_p: 0.9,
    reasoning_effort: 'high',
  };
  const shown = { ...full, api_key: '****9876', base_url: 'https://proxy.example/v1', is_auto: false };

  it('stores and returns every field, with the key masked and sealed', async () => {
    const id = await newSession();
    expect((await get(`/api/sessions/${id}/config`)).json).toEqual({
      provider: '',
      model: '',
      api_key: '****',
      is_auto: false,
    });
    expect((await putConfig(id, full)).json).toEqual(shown);
    expect((await get(`/api/sessions/${id}/config`)).json).toEqual(shown);
    const row = await server.system.repositories.sessionConfigs.get(id);
    expect(JSON.stringify(row)).not.toContain('canary');
    expect(await resolve(id)).toMatchObject({
      apiKey: full.api_key,
      baseUrl: 'https://proxy.example/v1',
      trusted: false,
      maxTokens: 1234,
      temperature: 0.5,
      topP: 0.9,
      reasoningEffort: 'high',
    });
  });

  it('keeps the key when its mask or nothing is sent, and wants it again for another address', async () => {
    const id = await newSession({ model_config: full });
    expect((await putConfig(id, { ...shown, model: 'other-model' })).json.api_key).toBe('****9876');
    expect((await putConfig(id, { ...full, api_key: undefined })).json.api_key).toBe('****9876');
    expect((await resolve(id)).apiKey).toBe(full.api_key);
    for (const key of [undefined, '', '****9876']) {
      const moved = await putConfig(id, { ...full, api_key: key, base_url: 'https://evil.example' });
      expect([moved.status, moved.json.code]).toEqual([422, 'unprocessable']);
    }
    expect((await putConfig(id, { ...full, api_key: '****1111' })).status).toBe(422);
    expect((await putConfig(id, { ...full, provider: 'keyless', api_key: '****9876' })).status).toBe(422);
    const elsewhere = await putConfig(id, { provider: 'keyless', model: 'big-1' });
    expect(elsewhere.json.api_key).toBe('');
  });

  it.each(['http://proxy.example', 'file:///etc/passwd', 'https://u:p@proxy.example', 'nonsense', '$(id)'])(
    'refuses the base URL %s',
    async (base_url) => {
      const { status, json } = await putConfig(await newSession(), { ...full, base_url });
      expect([status, json.code]).toEqual([422, 'unprocessable']);
    },
  );

  it('takes values literally and refuses keys that would break a header', async () => {
    const id = await newSession();
    await putConfig(id, { provider: 'acme', model: '$HOME', api_key: '$(cat/etc/passwd)' });
    expect(await resolve(id)).toMatchObject({ apiKey: '$(cat/etc/passwd)', model: { id: '$HOME' } });
    expect((await putConfig(id, { ...full, api_key: 'a\r\nHost: x' })).status).toBe(400);
    expect((await putConfig(id, { ...full, provider: '__proto__' })).status).toBe(422);
  });

  it('never hands the operator’s key to an address of a user', async () => {
    const id = await newSession();
    expect((await resolve(id)).apiKey).toBe(OPERATOR_KEY);
    await putConfig(id, { provider: 'acme', model: 'big-1', base_url: 'https://evil.example' });
    await expect(resolve(id)).rejects.toMatchObject({ code: 'model_not_configured' });
    await putConfig(id, { provider: 'acme', model: 'big-1', base_url: 'https://api.acme.example/v1/' });
    expect(await resolve(id)).toMatchObject({ apiKey: OPERATOR_KEY, baseUrl: 'https://api.acme.example/v1' });
    const auto = await newSession({ is_auto: true, model_config: { provider: '', model: '' } });
    expect((await get(`/api/sessions/${auto}/config`)).json).toEqual({
      provider: 'acme',
      model: 'big-1',
      api_key: '****',
      is_auto: true,
    });
    expect((await server.system.repositories.sessionConfigs.get(auto))?.apiKeySealed).toBeNull();
    expect((await resolve(auto, 'small')).model.id).toBe('small-1');
  });

  it('shows a mask whenever the session can run without a key of the user’s, and takes the mask back', async () => {
    const shownKey = async (config: object) =>
      (await putConfig(await newSession(), { model: 'big-1', ...config })).json.api_key;
    expect(await shownKey({ provider: 'acme' })).toBe('****');
    expect(await shownKey({ provider: 'acme', api_key: '****' })).toBe('****');
    expect(await shownKey({ provider: 'acme', base_url: 'https://elsewhere.example' })).toBe('');
    expect(await shownKey({ provider: 'acme', base_url: 'https://elsewhere.example', api_key: '****' })).toBe(
      '',
    );
    expect(await shownKey({ provider: 'keyless' })).toBe('');
    expect(await shownKey({ provider: 'keyless', api_key: 'sk-of-the-user-1234' })).toBe('****1234');
    const auto = await newSession({ is_auto: true });
    const shownConfig = (await get(`/api/sessions/${auto}/config`)).json;
    expect((await putConfig(auto, shownConfig)).status).toBe(200);
    expect((await resolve(auto)).apiKey).toBe(OPERATOR_KEY);
  });

  it('falls back to the user’s stored key and says what to do without one', async () => {
    const id = await newSession({ model_config: { provider: 'keyless', model: 'big-1' } });
    await expect(resolve(id)).rejects.toMatchObject({
      code: 'model_not_configured',
      message: expect.stringContaining('API key for Keyless'),
    });
    await server.system.repositories.credentials.put({
      userId,
      provider: 'keyless',
      apiKeySealed: secrets.seal('sk-stored', `provider_credentials|keyless|${userId}|api_key`),
      apiKeyHint: '',
      baseUrl: null,
      maxTokens: null,
      reasoningEffort: null,
      isDefault: true,
      model: 'big-1',
      updatedAt: Date.now(),
    });
    expect((await resolve(id)).apiKey).toBe('sk-stored');
    expect((await get(`/api/sessions/${id}/config`)).json.api_key).toBe('****');
    const plain = await newSession();
    expect(await resolve(plain)).toMatchObject({ providerId: 'keyless', apiKey: 'sk-stored' });
    expect((await resolve(await newSession({ is_auto: true }))).providerId).toBe('acme');
  });
});

describe('providers', () => {
  it('are listed without a key of the operator', async () => {
    const { json, text } = await get('/api/providers');
    expect(json).toEqual([
      {
        id: 'acme',
        name: 'Acme',
        base_url: 'https://api.acme.example/v1',
        type: 'openai',
        requires_base_url: false,
        requires_api_key: false,
        configured: true,
      },
      expect.objectContaining({ id: 'keyless' }),
    ]);
    expect(text).not.toContain('canary');
    expect((await get('/api/providers/acme/models')).json[0]).toMatchObject({
      id: 'big-1',
      name: 'Big 1',
      default_max_tokens: 8000,
      context_window: 200_000,
      can_reason: true,
      supports_images: true,
    });
    for (const id of ['none', '__proto__', '%00', '..%2f']) {
      expect((await get(`/api/providers/${id}/models`)).status).toBe(404);
    }
    expect((await get('/api/auto-model')).json).toEqual({
      provider: 'acme',
      model: 'big-1',
      configured: true,
    });
  });
});
