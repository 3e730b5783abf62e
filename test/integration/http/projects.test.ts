import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newId } from '#shared/ids.ts';
import { DATABASE_KINDS } from '../../harness/database.ts';
import { createHttpHarness, type HttpHarness } from './harness.ts';

describe.each(DATABASE_KINDS)('projects on %s', (kind) => {
  let server: HttpHarness;
  let token = '';
  beforeAll(async () => {
    expect(inject('postgresUrl')).toContain('postgres');
    server = await createHttpHarness(kind);
    token = (await server.register('owner')).token;
  });
  afterAll(() => server.close());

  const create = async (body: object) => server.call('POST', '/api/projects', { token, body });
  const put = (id: string, body: object) => server.call('PUT', `/api/projects/${id}`, { token, body });

  it('take what clients send, nulls and unknown keys among it, and have a workspace at once', async () => {
    const { status, json } = await create({
      name: ' Shop ',
      description: 'a shop',
      external_ip: '203.0.113.9',
      frontend_port: 3000,
      workspace_path: '.',
      container_name: null,
      workdir_path: null,
      db_host: null,
      db_password: 'never shown',
      backend_language: null,
      backend_port: 8080,
      need_database: false,
    });
    expect(status).toBe(200);
    expect(json).toEqual({
      id: expect.any(String),
      name: 'Shop',
      description: 'a shop',
      external_ip: '203.0.113.9',
      frontend_port: 3000,
      workspace_path: '/workspace',
      workdir_path: '/workspace',
      backend_port: 8080,
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
    });
    expect(server.workspaces.has(json.id)).toBe(true);
    expect((await server.call('GET', `/api/projects/${json.id}`, { token })).json).toEqual(json);
  });

  it.each([
    [{}, 'name'],
    [{ name: '  ' }, 'name'],
    [{ name: 7 }, 'name'],
    [{ name: 'x', frontend_port: '80' }, 'frontend_port'],
    [{ name: 'x', frontend_port: 70_000 }, 'frontend_port'],
    [{ name: 'x', backend_language: 'cobol' }, 'backend_language'],
    [{ name: 'x', external_ip: 'javascript://x' }, 'external_ip'],
  ])('refuse %j and name the field', async (body, field) => {
    const { status, json } = await create(body);
    expect(status).toBe(400);
    expect(json.error).toMatch(new RegExp(`^${field}:`));
  });

  it('are placed below an operator-listed root and nowhere else', async () => {
    expect((await create({ name: 'x', workspace_path: '/srv/work/app/' })).json.workspace_path).toBe(
      '/srv/work/app',
    );
    for (const path of [
      '/etc',
      '/srv/work/../../etc',
      '/srv/workshop',
      'src',
      '../x',
      '/srv/work/a\\u0000'.replace('\\u0000', '\t/..'),
    ]) {
      expect((await create({ name: 'x', workspace_path: path })).status).toBe(422);
    }
  });

  it('are placed by administrators only', async () => {
    const member = (await server.register('member')).token;
    for (const path of ['/srv/work/mine', '/srv/work', '/etc']) {
      const body = { name: 'x', workspace_path: path };
      const { status, json } = await server.call('POST', '/api/projects', { token: member, body });
      expect([status, json.error]).toEqual([403, 'workspace_path: only administrators choose a directory']);
    }
    const body = { name: 'x', workspace_path: '/workspace' };
    expect((await server.call('POST', '/api/projects', { token: member, body })).status).toBe(200);
  });

  it('have their directory to themselves for as long as they are there', async () => {
    const at = (path: string) => create({ name: 'x', workspace_path: path });
    const told = await Promise.all(['/srv/work/one', '/srv/work/one/a', '/srv/work/one'].map(at));
    expect(told.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const { json } = told.find(({ status }) => status === 200) ?? { json: null };
    const refused = told.find(({ status }) => status === 409);
    expect(refused?.json).toMatchObject({
      code: 'conflict',
      error: expect.stringMatching(/^workspace_path: /),
    });
    expect((await at(`${json.workspace_path}/below`)).status).toBe(409);
    expect((await server.call('DELETE', `/api/projects/${json.id}`, { token })).status).toBe(200);
    expect((await at(`${json.workspace_path}/below`)).status).toBe(200);
  });

  it('leave nothing behind when the workspace cannot be made', async () => {
    const before = (await server.call('GET', '/api/projects', { token })).json.length;
    server.failing.create = true;
    const { status, text } = await create({ name: 'x' });
    server.failing.create = false;
    expect(status).toBe(500);
    expect(text).not.toContain('no room');
    expect((await server.call('GET', '/api/projects', { token })).json).toHaveLength(before);
  });

  it('keep what an update omits and clear what it empties', async () => {
    const { json } = await create({
      name: 'Keep',
      description: 'd',
      backend_command: 'make',
      backend_port: 9,
    });
    const renamed = await put(json.id, { name: 'New name' });
    expect(renamed.json).toMatchObject({
      name: 'New name',
      description: 'd',
      backend_command: 'make',
      backend_port: 9,
    });
    const cleared = await put(json.id, { backend_command: null, backend_port: 0, name: null });
    expect(cleared.json).toMatchObject({ name: 'New name', description: 'd' });
    expect(cleared.json).not.toHaveProperty('backend_command');
    expect(cleared.json).not.toHaveProperty('backend_port');
  });

  it('let server-owned fields be repeated and refuse to change them', async () => {
    const { json } = await create({ name: 'Owned' });
    expect((await put(json.id, json)).status).toBe(200);
    expect(
      (await put(json.id, { container_name: '', workspace_path: '.', workdir_path: '/workspace' })).status,
    ).toBe(200);
    for (const [field, value] of Object.entries({
      container_name: 'other-container',
      workdir_path: '/',
      workspace_path: '/srv/work/app',
    })) {
      const refused = await put(json.id, { name: 'Changed', [field]: value });
      expect([refused.status, refused.json.code]).toEqual([422, 'unprocessable']);
      expect(refused.json.error).toContain(field);
    }
    expect((await server.call('GET', `/api/projects/${json.id}`, { token })).json.name).toBe('Owned');
  });

  it('are listed newest first, in pages that miss and repeat nothing', async () => {
    const reader = (await server.register('reader')).token;
    const names = ['one', 'two', 'three', 'four', 'five'];
    for (const name of names) await server.call('POST', '/api/projects', { token: reader, body: { name } });
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages++) {
      const answer = await server.call('GET', `/api/projects?limit=2&cursor=${cursor}`, { token: reader });
      seen.push(...answer.json.map(({ name }: { name: string }) => name));
      const next = answer.headers.get('x-next-cursor');
      if (next === null) break;
      cursor = next;
    }
    expect(seen).toEqual(names.toReversed());
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'limit=1e2', 'cursor=nonsense']) {
      expect((await server.call('GET', `/api/projects?${query}`, { token: reader })).status).toBe(400);
    }
    expect((await server.call('GET', `/api/projects?cursor=${newId()}`, { token: reader })).json).toEqual([]);
  });

  it('are deleted with workspace and sessions, after their turns have been stopped', async () => {
    const { json } = await create({ name: 'Gone' });
    const session = await server.call('POST', '/api/sessions', {
      token,
      body: { project_id: json.id, title: 't' },
    });
    await server.call('POST', `/api/sessions/${session.json.id}/messages`, {
      token,
      body: { content: 'hello' },
    });
    server.notices.length = 0;
    const { eventLog } = server.deps;
    await expect.poll(async () => (await eventLog.head(session.json.id)).seq).toBeGreaterThan(0);
    const { epoch } = await eventLog.head(session.json.id);
    expect((await server.call('DELETE', `/api/projects/${json.id}`, { token })).json).toEqual({
      success: true,
    });
    const read = await eventLog.read(session.json.id, { epoch, seq: 0 }, 1);
    expect(read).toEqual({ ok: false, reason: 'other_epoch' });
    expect(server.workspaces.has(json.id)).toBe(false);
    expect(server.notices).toContainEqual({
      topic: 'session_deleted',
      message: { sessionId: session.json.id },
    });
    for (const path of [`/api/projects/${json.id}`, `/api/sessions/${session.json.id}/messages`]) {
      expect((await server.call('GET', path, { token })).status).toBe(404);
    }
  });

  it('stay when their workspace cannot be removed, so that the call can be repeated', async () => {
    const { json } = await create({ name: 'Stays' });
    server.failing.destroy = true;
    const refused = await server.call('DELETE', `/api/projects/${json.id}`, { token });
    server.failing.destroy = false;
    expect([refused.status, refused.json.code]).toEqual([503, 'unavailable']);
    expect((await server.call('DELETE', `/api/projects/${json.id}`, { token })).status).toBe(200);
    expect((await server.call('DELETE', `/api/projects/${json.id}`, { token })).status).toBe(404);
  });
});
