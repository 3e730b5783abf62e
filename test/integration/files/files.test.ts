import { lookup } from 'node:dns';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileNode } from '#domain/protocol/views/file.ts';
import { FILE_TREE_LIMITS, readFileTree, type SourceControl } from '#domain/workspace/index.ts';
import { startHttpServer } from '#http/kit/listen.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createSourceControl } from '../../../src/infra/git/index.ts';
import { createAddressGuard } from '../../../src/infra/net/address-guard.ts';
import { isPublicAddress } from '../../../src/infra/net/public-address.ts';
import {
  createWorkspaceProvider,
  type LocalWorkspaceProvider,
} from '../../../src/infra/sandbox/local/index.ts';
import { type GitServer, startGitServer } from '../git/git-server.ts';
import { createHttpHarness, type HttpHarness } from '../http/harness.ts';
import { hasBubblewrap, LIMITS, makeListedDirectory } from '../sandbox/drivers.ts';

const MEBIBYTE = 1024 * 1024;

let base = '';
let provider: LocalWorkspaceProvider;
let sourceControl: SourceControl;
let git: GitServer;
let server: HttpHarness;
let token = '';
let stranger = '';
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'crush-files-'));
  await makeListedDirectory(join(base, 'roots/app'));
  git = await startGitServer();
  provider = createWorkspaceProvider({
    driver: hasBubblewrap ? 'bubblewrap' : 'host',
    dataDir: join(base, 'data'),
    workspaceRoots: [join(base, 'roots')],
    limits: LIMITS,
    network: { mode: 'none' },
    timeoutMs: 60_000,
    log: silentLog,
  });
  const controlOf = (cloneTimeoutMs: number) =>
    createSourceControl({
      guard: createAddressGuard({ resolve: lookup, isPublicAddress }),
      allowPrivate: [git.origin],
      userAgent: 'git/test',
      maxCloneBytes: 4 * MEBIBYTE,
      cloneTimeoutMs,
    });
  const [patient, impatient] = [controlOf(60_000), controlOf(3_000)];
  sourceControl = {
    diff: patient.diff,
    clone: (workspace, request, signal) =>
      (request.url.pathname.startsWith('/silent') ? impatient : patient).clone(workspace, request, signal),
    async close() {
      await Promise.all([patient.close(), impatient.close()]);
    },
  };
  const workspaceRoots = [join(base, 'roots')];
  server = await createHttpHarness('pglite', { workspaces: provider, sourceControl, workspaceRoots });
  token = (await server.register('owner')).token;
  stranger = (await server.register('stranger')).token;
});
afterAll(async () => {
  await server.close();
  await sourceControl.close();
  await provider.close();
  await git.close();
  rmSync(base, { recursive: true, force: true });
});

const create = (body: object) =>
  server.call('POST', '/api/projects', { token, body: { name: 'a project', ...body } });
const workspaces = () => readdirSync(join(base, 'data/workspaces')).filter((name) => !name.startsWith('.'));

interface Project {
  id: string;
  directory: string;
  put(path: string, content: string | Uint8Array): void;
  get(route: string, path?: string, as?: string): ReturnType<HttpHarness['call']>;
  tree(path?: string): Promise<FileNode>;
}

async function project(body: object = {}): Promise<Project> {
  const { json } = await create(body);
  const shown: string = json.workspace_path;
  const directory = shown === '/workspace' ? join(base, 'data/workspaces', json.id) : shown;
  const get: Project['get'] = (route, path, as = token) => {
    const query = path === undefined ? '' : `&path=${encodeURIComponent(path)}`;
    return server.call('GET', `/api/files${route}?project_id=${json.id}${query}`, { token: as });
  };
  return {
    id: json.id,
    directory,
    get,
    put(path, content) {
      mkdirSync(join(directory, path, '..'), { recursive: true });
      writeFileSync(join(directory, path), content);
    },
    async tree(path) {
      const { status, json: root } = await get('', path);
      expect(status).toBe(200);
      return root;
    },
  };
}

const paths = (node: FileNode): string[] => [node.path, ...(node.children ?? []).flatMap(paths)];

describe('the tree of files', () => {
  it('is one root node with folders first, by name, and the texts of small files', async () => {
    const { put, tree } = await project();
    put('b.txt', 'text\n');
    put('A.md', '');
    put('zoo/deep/x.ts', 'export {};\n');
    put('zoo/.hidden', 'no');
    put('empty/.keep', 'no');
    put('.env', 'SECRET=1');
    put('node_modules/m/index.js', 'no');
    put('image.bin', new Uint8Array([0xff, 0xfe, 0]));
    put('large.txt', 'x'.repeat(MEBIBYTE));
    put('bom.txt', '\ufeffx');
    put('.gitignore', 'ignored\n');
    put('ignored', 'no');
    expect(await tree()).toEqual({
      id: '/',
      name: 'workspace',
      type: 'folder',
      path: '/',
      children: [
        { id: '/empty', name: 'empty', type: 'folder', path: '/empty', children: [] },
        {
          id: '/zoo',
          name: 'zoo',
          type: 'folder',
          path: '/zoo',
          children: [
            {
              id: '/zoo/deep',
              name: 'deep',
              type: 'folder',
              path: '/zoo/deep',
              children: [
                {
                  id: '/zoo/deep/x.ts',
                  name: 'x.ts',
                  type: 'file',
                  path: '/zoo/deep/x.ts',
                  content: 'export {};\n',
                },
              ],
            },
          ],
        },
        { id: '/A.md', name: 'A.md', type: 'file', path: '/A.md', content: '' },
        { id: '/b.txt', name: 'b.txt', type: 'file', path: '/b.txt', content: 'text\n' },
        { id: '/bom.txt', name: 'bom.txt', type: 'file', path: '/bom.txt', content: '\ufeffx' },
        { id: '/image.bin', name: 'image.bin', type: 'file', path: '/image.bin' },
        { id: '/large.txt', name: 'large.txt', type: 'file', path: '/large.txt' },
      ],
    });
  });

  it('begins where clients ask, in every spelling of the workspace', async () => {
    const { put, tree, get } = await project();
    put('src/a.ts', 'a');
    const whole = await tree();
    for (const path of ['.', '', '/', '/workspace', '/workspace/', './', 'src/..']) {
      expect(await tree(path)).toEqual(whole);
    }
    for (const path of ['src', './src/', '/workspace/src']) {
      expect(await tree(path)).toMatchObject({ name: 'src', path: '/', children: [{ id: '/a.ts' }] });
    }
    expect(await tree('src/a.ts')).toEqual({ id: '/', name: 'a.ts', type: 'file', path: '/', content: 'a' });
    expect((await get('', 'nowhere')).status).toBe(404);
  });

  it('knows the path that a project in a listed directory shows', async () => {
    const { put, tree, get } = await project({ workspace_path: join(base, 'roots/app') });
    put('src/a.ts', 'a');
    expect(paths(await tree(join(base, 'roots/app')))).toEqual(['/', '/src', '/src/a.ts']);
    expect(paths(await tree(join(base, 'roots/app/src')))).toEqual(['/', '/a.ts']);
    expect((await get('', join(base, 'roots'))).status).toBe(400);
    expect((await get('', join(base, 'roots/application'))).status).toBe(400);
  });

  it('stays under its size as JSON, whatever is in the files and names', async () => {
    const { put, tree, directory } = await project();
    for (let file = 0; file < 12; file += 1)
      put(`f${String(file).padStart(2, '0')}`, '\u0001'.repeat(900_000));
    const text = JSON.stringify(await tree());
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8 * MEBIBYTE);
    expect(text).toContain('\\u0001');
    const deep = Array.from({ length: 14 }, () => 'd'.repeat(250)).join('/');
    mkdirSync(join(directory, deep), { recursive: true });
    for (let file = 0; file < 1_500; file += 1) writeFileSync(join(directory, deep, `n${file}`), '');
    const cut = await tree();
    expect(cut.truncated).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(cut))).toBeLessThanOrEqual(8 * MEBIBYTE);
  });

  it('says when there are too many files', async () => {
    expect(FILE_TREE_LIMITS.entries).toBe(20_000);
    const { id, directory } = await project();
    for (const folder of ['a', 'b', 'c']) {
      mkdirSync(join(directory, folder));
      for (let file = 0; file < 70; file += 1) writeFileSync(join(directory, folder, `f${file}`), '');
    }
    const limits = { ...FILE_TREE_LIMITS, entries: 200 };
    const root = await readFileTree(await provider.open(id, null), '.', new AbortController().signal, limits);
    expect(root.truncated).toBe(true);
    expect(paths(root)).toHaveLength(201);
  });
});

describe('the content of a file', () => {
  it('comes with a type that no browser runs', async () => {
    const { put, get } = await project();
    put('a.html', '<script>alert(1)</script>');
    put('pixel.png', new Uint8Array([0x89, 0x50, 0]));
    const page = await get('/content', 'a.html');
    expect([page.status, page.text]).toEqual([200, '<script>alert(1)</script>']);
    expect(page.headers.get('content-disposition')).toMatch(/^attachment; /);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('content-security-policy')).toContain('sandbox');
    expect((await get('/content', '/workspace/pixel.png')).headers.get('content-type')).toBe('image/png');
  });

  it('is whole for large files, and refused for larger ones', async () => {
    const { put, get, directory } = await project();
    const bytes = Buffer.alloc(3 * MEBIBYTE + 17, 'abcdefghijk');
    put('big.txt', bytes);
    expect((await get('/content', 'big.txt')).text).toBe(bytes.toString());
    put('huge.bin', '');
    truncateSync(join(directory, 'huge.bin'), 50 * MEBIBYTE + 1);
    const huge = await get('/content', 'huge.bin');
    expect([huge.status, huge.json.code]).toEqual([413, 'too_large']);
  });

  it('never leads out of the workspace', async () => {
    const { put, get, directory } = await project();
    put('a/file', 'x');
    writeFileSync(join(base, 'secret.txt'), 'secret');
    symlinkSync('/etc/passwd', join(directory, 'passwd'));
    symlinkSync('../../../secret.txt', join(directory, 'relative'));
    symlinkSync('/etc', join(directory, 'etc'));
    for (const path of [
      'passwd',
      'relative',
      'etc/passwd',
      '/etc/passwd',
      '../x',
      'a/../../x',
      '..%2f..%2fetc%2fpasswd',
      '%2e%2e/x',
      '%252e%252e%252fx',
      'a\\..\\x',
      'a\0b',
      '/workspace/../etc/passwd',
    ]) {
      for (const route of ['', '/content']) {
        const { status, text } = await get(route, path);
        expect([path, status]).toEqual([path, 400]);
        expect(text).not.toMatch(/root:|secret\b(?!\.)|crush-files/);
      }
    }
    expect((await get('/content', 'a')).status).toBe(422);
    expect((await get('/content', 'nowhere')).status).toBe(404);
    expect((await get('/content')).status).toBe(422);
    expect(JSON.stringify((await get('')).json)).not.toContain('passwd');
  });
});

describe('files', () => {
  it('are found by a session of the project, and by nobody else', async () => {
    const { put, id } = await project();
    put('file', 'x');
    const session = (
      await server.call('POST', '/api/sessions', { token, body: { project_id: id, title: 't' } })
    ).json.id;
    for (const route of ['', '/content', '/diff']) {
      const ask = (query: string, as: string) =>
        server.call('GET', `/api/files${route}?path=file&${query}`, { token: as });
      const own = await ask(`session_id=${session}`, token);
      expect(own.status).toBe(route === '/diff' ? 422 : 200);
      for (const query of [`session_id=${session}`, `project_id=${id}`, `session_id=${newId()}`]) {
        expect((await ask(query, stranger)).status).toBe(404);
      }
      expect((await ask('', token)).status).toBe(400);
    }
  });

  it('have a diff only in a repository', async () => {
    const { put, get } = await project();
    put('file', 'x');
    const { status, json } = await get('/diff');
    expect([status, json.code]).toEqual([422, 'not_a_repository']);
  });
});

describe('a project from a repository', () => {
  it('holds the files when it is created, and their changes as a diff', async () => {
    git.create('shop', { 'src/index.ts': 'one\n' }, { evil: '/etc/passwd' });
    const { tree, get, put } = await project({ git_url: `${git.origin}/shop`, git_ref: 'main' });
    expect(paths(await tree())).toEqual(['/', '/src', '/src/index.ts']);
    expect((await get('/content', 'evil')).status).toBe(400);
    expect((await get('/diff')).json).toEqual({ diff: '' });
    put('src/index.ts', 'two\n');
    put('new', 'x\n');
    const { diff } = (await get('/diff')).json;
    expect(diff).toContain('-one\n+two\n');
    expect(diff).toContain('+++ b/new\n');
    expect((await get('/diff', 'new')).json.diff).not.toContain('two');
  });

  it('is not made when it cannot be cloned, and leaves nothing', async () => {
    git.create('heavy', { noise: Array.from({ length: 400_000 }, Math.random).join('') });
    const projects = async () => (await server.call('GET', '/api/projects', { token })).json.length;
    const before = [await projects(), workspaces()];
    for (const [source, reason] of [
      [{ git_url: `${git.origin}/nothing` }, /no such repository/],
      [{ git_url: `${git.origin}/shop`, git_ref: 'nowhere' }, /no branch or tag/],
      [{ git_url: `${git.origin}/heavy` }, /larger than a workspace/],
      [{ git_url: `${git.origin}/silent/x` }, /took longer than 3 seconds/],
      [{ git_url: 'https://127.0.0.1:1/x' }, /not public/],
      [{ git_url: 'http://git.example/x' }, /only https/],
      [{ git_url: 'ssh://git@git.example/x' }, /only https/],
      [{ git_url: 'file:///etc' }, /only https/],
      [{ git_url: 'ext::sh' }, /only https/],
      [{ git_url: `${git.origin.replace('://', '://user:hidden@')}/shop` }, /credentials/],
      [{ git_url: `${git.origin}/shop`, git_ref: '--upload-pack=x' }, /^git_ref: /],
      [{ git_url: `${git.origin}/shop`, workspace_path: join(base, 'roots/app') }, /default workspace/],
    ] as const) {
      const { status, json, text } = await create(source);
      expect([source, status, json.code]).toEqual([source, 422, 'unprocessable']);
      expect(json.error).toMatch(reason);
      expect(json.error).toMatch(/^git_(url|ref): /);
      expect(text).not.toMatch(/127\.0\.0\.1|hidden|\/tmp|data\/workspaces/);
    }
    expect((await create({ git_url: 'x'.repeat(2049) })).status).toBe(400);
    expect([await projects(), workspaces()]).toEqual(before);
  });

  it('is not made for a client that has gone, and a large file reaches one that stays', async () => {
    const http = await startHttpServer({ app: server.app, host: '127.0.0.1', port: 0 });
    const origin = `http://127.0.0.1:${http.port}`;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const before = workspaces();
    server.logs.length = 0;
    const body = JSON.stringify({ name: 'gone', git_url: `${git.origin}/silent/x` });
    const asked = fetch(`${origin}/api/projects`, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(400),
    });
    await expect(asked).rejects.toThrow();
    await expect.poll(workspaces, { timeout: 1_500 }).toEqual(before);
    expect(server.logs.filter(({ level }) => level === 'error')).toEqual([]);

    const { id, put } = await project();
    const bytes = Buffer.alloc(9 * MEBIBYTE + 5, 'abcdefghijk');
    put('big.bin', bytes);
    const answer = await fetch(`${origin}/api/files/content?project_id=${id}&path=big.bin`, { headers });
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    await http.close();
  });
});
