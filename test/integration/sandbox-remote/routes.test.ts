import { existsSync } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivity, createTokenCheck } from '#sandbox/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createSandboxRoutes } from '../../../src/sandbox/app.ts';
import { until } from '../../harness/until.ts';
import { startSandboxServer, type TestSandboxServer, TOKEN, temporaryDirectory } from './world.ts';

let base: string;
let server: TestSandboxServer;
let projectId: string;

beforeAll(async () => {
  base = await temporaryDirectory();
  server = await startSandboxServer({ dataDir: join(base, 'data') });
  const created = await call('POST', '/projects/create', { project_name: 'My App!', need_database: false });
  expect(created.status).toBe(200);
  projectId = String(created.body.project_id);
});
afterAll(async () => {
  await server.stop();
  await rm(base, { recursive: true, force: true });
});

const runningNow = async () => (await call('GET', '/health')).body.running;

interface Answered {
  status: number;
  body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: object, token = TOKEN): Promise<Answered> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const post = (path: string, body: object): Promise<Answered> =>
  call('POST', path, { project_id: projectId, ...body });

describe('access', () => {
  test('every route but the health check wants the token', async () => {
    const routes = createSandboxRoutes({
      provider: server.local,
      activity: createActivity(systemClock),
      isAuthorized: createTokenCheck(TOKEN),
      draining: () => false,
      log: silentLog,
    });
    expect(routes.filter(({ access }) => access === 'public').map(({ path }) => path)).toEqual(['/health']);
    expect(routes.length).toBeGreaterThan(20);
    for (const { method, path, access } of routes) {
      if (access === 'public') continue;
      for (const token of ['', 'x', `${TOKEN}x`, TOKEN.slice(1)]) {
        const { status, body } = await call(method, path.replace(':id', projectId), undefined, token);
        expect([path, status, body.code]).toEqual([path, 401, 'unauthenticated']);
      }
    }
    expect((await call('GET', '/nowhere', undefined, 'x')).status).toBe(401);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test('the channel wants the token, and no page may open it', async () => {
    const upgrade = (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const request = httpRequest(`${server.url}/v1/channel`, {
          headers: {
            connection: 'upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
            ...headers,
          },
        });
        request.on('response', (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        request.on('upgrade', (_response, socket) => {
          socket.destroy();
          resolve(101);
        });
        request.on('error', reject);
        request.end();
      });
    const authorization = `Bearer ${TOKEN}`;
    expect(await upgrade({})).toBe(401);
    expect(await upgrade({ authorization: 'Bearer x' })).toBe(401);
    expect(await upgrade({ authorization, origin: 'http://127.0.0.1' })).toBe(403);
    expect(await upgrade({ authorization })).toBe(101);
  });

  test('bodies that are too large, cut or no JSON are refused', async () => {
    expect((await post('/file/read', { file_path: 'x'.repeat(2_000_000) })).body.code).toBe(
      'payload_too_large',
    );
    const response = await fetch(`${server.url}/execute`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      body: '{"command": ',
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid_input' }]);
    expect((await call('PATCH', '/execute', {})).body.code).toBe('method_not_allowed');
    expect((await call('GET', '/nowhere')).status).toBe(404);
  });
});

describe('the service', () => {
  test('tells how it is and what is in use', async () => {
    expect((await call('GET', '/health')).body).toMatchObject({
      status: 'ok',
      active_sessions: 1,
      running: 0,
      isolated: server.local.isolated,
    });
    expect((await call('GET', '/sessions')).body).toMatchObject({
      status: 'ok',
      sessions: [projectId],
      count: 1,
    });
  });

  test('ends what runs for a project, or for all, and keeps files', async () => {
    await post('/file/write', { file_path: 'kept', content: 'x' });
    for (const [method, path] of [
      ['DELETE', `/session/${projectId}`],
      ['POST', '/sessions/cleanup'],
    ] as const) {
      const running = post('/execute', { command: 'sleep 60' });
      await until(async () => (await runningNow()) === 1, 'the command');
      expect((await call(method, path)).body.status).toBe('ok');
      expect((await running).body).toMatchObject({ cancelled: true });
    }
    expect((await post('/file/read', { file_path: 'kept' })).body.content).toBe('x');
  });

  test('says what it does not do instead of inventing an answer', async () => {
    for (const path of ['/diagnostic', '/lsp/diagnostics', '/projects/configure-domain']) {
      expect(await post(path, {})).toMatchObject({ status: 501, body: { code: 'not_supported' } });
    }
  });
});

describe('projects', () => {
  test('that no id can name are refused, whatever is asked of them', async () => {
    for (const id of ['x', '..%2f..', '%2e%2e', 'null', `${projectId}0`, projectId.replace('-', '_')]) {
      for (const method of ['PUT', 'GET', 'DELETE']) {
        const { status } = await call(method, `/v1/projects/${id}`);
        expect([400, 404], `${method} ${id}`).toContain(status);
      }
    }
  });

  test('are named by id, by the old session id, or not at all', async () => {
    const command = { command: 'echo x' };
    for (const ref of [
      { session_id: projectId },
      { session_id: `project:${projectId}` },
      { project_id: projectId },
    ]) {
      expect((await call('POST', '/execute', { ...command, ...ref })).body).toMatchObject({ stdout: 'x\n' });
    }
    expect((await call('POST', '/execute', command)).status).toBe(400);
    expect((await call('POST', '/execute', { ...command, project_id: '../..' })).status).toBe(400);
    expect((await call('POST', '/execute', { ...command, project_id: newId() })).status).toBe(404);
  });

  test('are made and removed, also twice', async () => {
    const { body } = await call('POST', '/projects/create', { project_name: '../Ärger & Co; rm -rf /' });
    expect(body).toMatchObject({ status: 'ok', workdir: '/workspace', frontend_port: null });
    expect(body.container_name).toMatch(/^[a-z0-9-]+$/);
    const directory = join(server.dataDir, 'workspaces', String(body.container_id));
    expect(existsSync(directory)).toBe(true);
    for (let i = 0; i < 2; i += 1) {
      const deleted = await call('POST', '/projects/delete', { container_id: body.container_id });
      expect(deleted).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(existsSync(directory)).toBe(false);
    }
    expect((await call('POST', '/projects/delete', {})).status).toBe(400);
  });
});

describe('execute', () => {
  test('runs bash, sh and Python programs as they stand', async () => {
    const text = `it's "$HOME" \`x\` \\ ;`;
    expect((await post('/execute', { command: 'echo out; echo err >&2; exit 3' })).body).toMatchObject({
      status: 'ok',
      stdout: 'out\n',
      stderr: 'err\n',
      exit_code: 3,
    });
    const sh = { language: 'sh', command: `cat <<'E'\n${text}\nE\nread x; echo "$x"`, stdin: 'in\n' };
    expect((await post('/execute', sh)).body.stdout).toBe(`${text}\nin\n`);
    if (existsSync('/usr/bin/python3')) {
      const python = {
        language: 'python',
        command: `import sys\nprint(${JSON.stringify(text)}, sys.stdin.read())`,
      };
      expect((await post('/execute', { ...python, stdin: 'in' })).body.stdout).toBe(`${text} in\n`);
    }
    expect((await post('/execute', { language: 'sh', command: 'x'.repeat(40_000) })).status).toBe(413);
  });

  test('honours directory and time-out, and reports a signal as a shell does', async () => {
    await post('/file/write', { file_path: 'sub/x', content: '' });
    expect((await post('/execute', { command: 'pwd; ls', working_dir: '/sandbox/sub' })).body.stdout).toMatch(
      /\/sub\nx\n$/,
    );
    const { body } = await post('/execute', { command: 'sleep 60', timeout: 0.2 });
    expect(body).toMatchObject({ timed_out: true, exit_code: 128 + 15 });
  });

  test('ends the command when its caller closes the request', async () => {
    const controller = new AbortController();
    const running = fetch(`${server.url}/execute`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({
        project_id: projectId,
        command: 'while :; do date +%s%N > next; mv next beat; sleep 0.05; done',
      }),
      signal: controller.signal,
    }).catch(() => null);
    const beat = async () => (await post('/file/read', { file_path: 'beat' })).body.content;
    await until(beat, 'the command');
    controller.abort();
    await running;
    await until(async () => (await runningNow()) === 0, 'the end of the command');
    const last = await beat();
    expect(last).toMatch(/^\d+\n$/);
    await sleep(300);
    expect(await beat()).toBe(last);
  });
});

describe('files', () => {
  test('come back as they were, text or not', async () => {
    const bytes = Buffer.from([0, 255, 254, 10, 13, 0]);
    const written = { file_path: '/workspace/b/bin', content: bytes.toString('base64'), encoding: 'base64' };
    expect((await post('/file/write', written)).body).toMatchObject({ status: 'ok', size: 6 });
    const read = { file_path: '/sandbox/b/bin', encoding: 'base64' };
    expect((await post('/file/read', read)).body.content).toBe(bytes.toString('base64'));
    expect(await post('/file/read', { file_path: 'b/bin' })).toMatchObject({
      status: 422,
      body: { code: 'not_text' },
    });
    await post('/file/write', { file_path: 'empty' });
    expect((await post('/file/read', { file_path: 'empty' })).body).toMatchObject({ content: '', size: 0 });
  });

  test('that are missing, outside or no files have a status of their own', async () => {
    await symlink('/etc', join(server.dataDir, 'workspaces', projectId, 'out'));
    const status = async (file_path: string) => (await post('/file/read', { file_path })).status;
    expect(await status('missing')).toBe(404);
    expect(await status('b')).toBe(400);
    expect(await status('../x')).toBe(400);
    expect(await status('out/passwd')).toBe(400);
    expect(await status('a%2f..%2fb')).toBe(403);
    expect((await post('/file/list', { path: 'missing' })).status).toBe(404);
    expect((await post('/file/write', { file_path: 'out/x', content: 'x' })).status).toBe(400);
    expect((await post('/execute', { command: 'rm out' })).status).toBe(200);
  });

  test('are listed by name', async () => {
    await post('/file/write', { file_path: 'l/b', content: '' });
    await post('/file/write', { file_path: 'l/a', content: '' });
    expect((await post('/file/list', { path: '/sandbox/l' })).body).toMatchObject({
      status: 'ok',
      files: ['a', 'b'],
    });
  });

  test('are edited where the text is found once, or wherever it is asked for', async () => {
    const edit = (more: object) => post('/file/edit', { file_path: 'e.txt', ...more });
    expect((await edit({ old_string: 'a', new_string: 'b' })).status).toBe(404);
    expect((await edit({ new_string: 'one two two' })).status).toBe(200);
    expect((await edit({ new_string: 'again' })).body.code).toBe('already_exists');
    expect((await edit({ old_string: 'absent', new_string: 'x' })).body.code).toBe('no_match');
    expect((await edit({ old_string: 'two', new_string: 'x' })).body.code).toBe('ambiguous_match');
    expect((await edit({ old_string: 'two', new_string: '$&', replace_all: true })).body.replacements).toBe(
      2,
    );
    expect((await post('/file/read', { file_path: 'e.txt' })).body.content).toBe('one $& $&');
  });

  test('keep all of several edits at once', async () => {
    const words = Array.from({ length: 12 }, (_, n) => `<${n}>`);
    await post('/file/write', { file_path: 'many.txt', content: words.join(' ') });
    const edits = words.map((word, n) =>
      post('/file/edit', { file_path: 'many.txt', old_string: word, new_string: `done${n}` }),
    );
    await Promise.all(edits);
    expect((await post('/file/read', { file_path: 'many.txt' })).body.content).toBe(
      words.map((_, n) => `done${n}`).join(' '),
    );
  });

  test('are searched by text and by name', async () => {
    await post('/file/write', { file_path: 's/deep/a.ts', content: "x\nneedle'; rm -rf /\n" });
    await post('/file/write', { file_path: 's/b.js', content: 'none\n' });
    expect((await post('/file/grep', { pattern: "needle';", path: '/sandbox/s' })).body).toMatchObject({
      status: 'ok',
      stdout: "/workspace/s/deep/a.ts:2:needle'; rm -rf /\n",
      stderr: '',
      exit_code: 0,
    });
    expect((await post('/file/grep', { pattern: 'absent', path: 's' })).body).toMatchObject({
      stdout: '',
      exit_code: 1,
    });
    expect((await post('/file/grep', { pattern: '(', path: 's' })).body.code).toBe('invalid_pattern');
    for (const pattern of ['*.ts', '**/*.ts', 'deep/*.ts']) {
      const { body } = await post('/file/glob', { pattern, path: 's' });
      expect(body).toMatchObject({ stdout: '/workspace/s/deep/a.ts\n', exit_code: 0 });
    }
  });

  test('are shown as a tree with stable ids', async () => {
    await post('/file/write', { file_path: 't/sub/x.txt', content: 'text' });
    await post('/file/write', { file_path: 't/.hidden', content: 'x' });
    await post('/file/write', { file_path: 't/node_modules/m.js', content: 'x' });
    await post('/file/write', { file_path: 't/z.bin', content: 'AP8=', encoding: 'base64' });
    const { body } = await call('GET', `/file/tree?project_id=${projectId}&path=t`);
    expect(body.tree).toEqual({
      id: '/',
      name: 't',
      type: 'folder',
      path: '/',
      children: [
        {
          id: '/sub',
          name: 'sub',
          type: 'folder',
          path: '/sub',
          children: [{ id: '/sub/x.txt', name: 'x.txt', type: 'file', path: '/sub/x.txt', content: 'text' }],
        },
        { id: '/z.bin', name: 'z.bin', type: 'file', path: '/z.bin' },
      ],
    });
    const other = await call('GET', `/file/tree?session_id=project:${projectId}&path=t/sub&content=false`);
    expect(other.body.tree).toMatchObject({ children: [{ id: '/x.txt' }] });
  });
});
