import { lookup } from 'node:dns';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SourceControl, SourceControlError } from '#domain/workspace/index.ts';
import { newId } from '#shared/ids.ts';
import { createSourceControl, type SourceControlDeps } from '../../../src/infra/git/index.ts';
import { createAddressGuard } from '../../../src/infra/net/address-guard.ts';
import { isPublicAddress } from '../../../src/infra/net/public-address.ts';
import { never, type Opened, openWorkspace } from '../sandbox/drivers.ts';
import { DRIVERS, type Driver, type OpenedDirectory, openOn } from './drivers.ts';
import { type GitServer, startGitServer } from './git-server.ts';

let server: GitServer;
let neighbour: GitServer;
beforeAll(async () => {
  [server, neighbour] = [await startGitServer(), await startGitServer()];
});
afterAll(async () => {
  await server.close();
  await neighbour.close();
});

const cleanup: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});

function open(overrides: Partial<SourceControlDeps> = {}): SourceControl {
  const sourceControl = createSourceControl({
    guard: createAddressGuard({ resolve: lookup, isPublicAddress }),
    allowPrivate: [server.origin],
    userAgent: 'git/test',
    maxCloneBytes: 64 * 1024 * 1024,
    ...overrides,
  });
  cleanup.push(() => sourceControl.close());
  return sourceControl;
}

/** Workspaces of the default driver share a provider. */
let shared: Opened | null = null;
afterAll(() => shared?.close());

async function openDirectory(
  driver: Driver = DRIVERS[0],
): Promise<Pick<OpenedDirectory, 'workspace' | 'directory'>> {
  if (driver !== DRIVERS[0]) {
    const opened = await openOn(driver);
    cleanup.push(() => opened.close());
    return opened;
  }
  shared ??= await openWorkspace({ driver: DRIVERS[0] });
  const projectId = newId();
  await shared.provider.create(projectId, null);
  return {
    workspace: await shared.provider.open(projectId, null),
    directory: join(shared.dataDir, 'workspaces', projectId),
  };
}

interface Cloned extends Pick<OpenedDirectory, 'workspace' | 'directory'> {
  read(path: string): string;
}

async function clone(
  url: string,
  { ref = null, ...overrides }: Partial<SourceControlDeps> & { ref?: string | null } = {},
  driver?: Driver,
): Promise<Cloned> {
  const sourceControl = open(overrides);
  const opened = await openDirectory(driver);
  await sourceControl.clone(opened.workspace, { url: new URL(url), ref, ownerId: newId() }, never());
  return { ...opened, read: (path) => readFileSync(join(opened.directory, path), 'utf8') };
}

async function failure(url: string, options: Parameters<typeof clone>[1] = {}): Promise<string> {
  const error = await clone(url, options).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceControlError);
  const { code, message } = error as SourceControlError;
  expect(message).not.toMatch(/127\.0\.0\.1|localhost|\/tmp|\/usr|\/workspace|node_modules/);
  return `${code}: ${message}`;
}

describe.each(DRIVERS)('a clone on %s', (driver) => {
  it('fills the workspace with the files of the default branch, without history', async () => {
    server.create(`plain-${driver}`, { 'src/a.ts': 'one\n', 'README.md': 'hello\n' }, { link: 'src/a.ts' });
    server.git(`plain-${driver}`, 'commit', '-q', '--allow-empty', '-m', 'second');
    const { read, workspace, directory } = await clone(`${server.origin}/plain-${driver}`, {}, driver);
    expect(read('src/a.ts')).toBe('one\n');
    expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(directory, '.git/hooks'))).toEqual([]);
    const { stdout } = await workspace.exec(
      { command: 'git status -sb && git log --format=%s && git remote get-url origin' },
      never(),
    );
    expect(stdout).toBe(`## main...origin/main\nsecond\n${server.origin}/plain-${driver}\n`);
    const owner = statSync(directory).uid;
    for (const path of ['README.md', '.git/config', '.git/HEAD', 'src']) {
      expect(statSync(join(directory, path)).uid).toBe(owner);
    }
  });
});

describe('a clone', () => {
  it('takes a branch, a tag, a full ref or a commit', async () => {
    const name = 'refs';
    server.create(name, { file: 'one' });
    const first = server.git(name, 'rev-parse', 'HEAD').trim();
    server.git(name, 'tag', '-a', 'v1', '-m', 'tagged');
    server.git(name, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
    server.git(name, 'checkout', '-q', '-b', 'feature/x');
    server.git(name, 'rm', '-q', 'file');
    server.git(name, 'commit', '-q', '--allow-empty', '-m', 'empty');
    server.git(name, 'checkout', '-q', 'main');
    const at = async (ref: string | null) => {
      const { workspace } = await clone(`${server.origin}/${name}`, { ref });
      const command = 'git rev-parse HEAD; git symbolic-ref -q --short HEAD; ls';
      return (await workspace.exec({ command }, never())).stdout.trim().split('\n');
    };
    expect(await at(null)).toEqual([first, 'main', 'file']);
    expect(await at('main')).toEqual([first, 'main', 'file']);
    expect(await at('feature/x')).toEqual([expect.not.stringContaining(first), 'feature/x']);
    expect(await at('refs/heads/feature/x')).toEqual([expect.any(String), 'feature/x']);
    expect(await at('v1')).toEqual([first, 'file']);
    expect(await at(first)).toEqual([first, 'file']);
    const missing = { ref: 'nowhere' };
    expect(await failure(`${server.origin}/${name}`, missing)).toMatch(/^not_found: .*no branch or tag/);
    const unknown = { ref: 'b'.repeat(40) };
    expect(await failure(`${server.origin}/${name}`, unknown)).toMatch(/^failed: the git server says/);
  });

  it('follows a repository that has moved', async () => {
    server.create('target', { file: 'here' });
    expect((await clone(`${server.origin}/moved/target`)).read('file')).toBe('here');
  });

  it('says what is missing', async () => {
    expect(await failure(`${server.origin}/nothing`)).toMatch(/^not_found: there is no such repository/);
    server.create('empty', { file: 'x' });
    server.git('empty', 'update-ref', '-d', 'HEAD');
    expect(await failure(`${server.origin}/empty`)).toMatch(/^not_found: the repository has no commit/);
  });

  it('dials no address that is not public', async () => {
    neighbour.create('secret', { file: 'secret' });
    neighbour.requests.length = 0;
    const port = new URL(neighbour.origin).port;
    const hosts = [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '0x7f.1',
      '2130706433',
      '0.0.0.0',
      '[::ffff:127.0.0.1]',
    ];
    for (const host of [...hosts, '169.254.169.254', '10.0.0.1', '[fd00::1]', '100.64.0.1']) {
      expect(await failure(`https://${host}:${port}/secret`)).toMatch(/^refused: .*not public/);
    }
    expect(await failure(`${neighbour.origin}/secret`)).toMatch(/^refused: only https/);
    expect(neighbour.requests).toEqual([]);
  });

  it('refuses a name with one private address among its answers, whenever it is asked', async () => {
    const answers = [
      [{ address: '127.0.0.1', family: 4 }],
      [
        { address: '93.184.216.34', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ],
      [{ address: '::ffff:169.254.169.254', family: 6 }],
      [],
    ];
    let asked = 0;
    const resolve = ((_name: string, _options: object, done: (...args: unknown[]) => void) => {
      done(null, answers[asked++]);
    }) as unknown as typeof lookup;
    const guard = createAddressGuard({ resolve, isPublicAddress });
    for (const _ of answers) {
      expect(await failure('https://git.example/a', { guard })).toMatch(/^refused: .*not public/);
    }
    expect(asked).toBe(answers.length);
  });

  it('checks where a redirect leads', async () => {
    server.create('dumb', { file: 'x' });
    neighbour.create('hidden', { file: 'secret' });
    neighbour.requests.length = 0;
    const discovery = '/info/refs?service=git-upload-pack';
    for (const [target, reason] of [
      [`${neighbour.origin}/hidden${discovery}`, /only https/],
      [`https://127.0.0.1:1/hidden${discovery}`, /not public/],
      ['https://169.254.169.254/latest/meta-data', /not public/],
      ['file:///etc/passwd', /only https/],
      [`https://user:pass@git.example/a${discovery}`, /credentials/],
      [`${server.origin}/dumb/HEAD`, /no git repository answers/],
    ] as const) {
      expect(await failure(`${server.origin}/away/${encodeURIComponent(target)}`)).toMatch(reason);
    }
    const round = `${server.origin}/away/${encodeURIComponent(`/away/x${discovery}`)}`;
    expect(await failure(round)).toMatch(/redirects too often|no git repository/);
    expect(neighbour.requests).toEqual([]);
  });

  it('fetches no submodule and runs no hook, filter or program of a repository', async () => {
    neighbour.create('module', { file: 'x' });
    neighbour.requests.length = 0;
    server.create('evil', {
      '.gitmodules': `[submodule "m"]\n\tpath = m\n\turl = ${neighbour.origin}/module\n\tupdate = checkout\n`,
      '.gitattributes': '*.txt filter=evil diff=evil\n* filter=lfs\n',
      '.githooks/post-checkout': '#!/bin/sh\ntouch /workspace/ran\n',
      'a.txt': 'text\n',
    });
    server.git('evil', 'update-index', '--add', '--cacheinfo', `160000,${'a'.repeat(40)},m`);
    server.git('evil', 'commit', '-q', '-m', 'with a submodule');
    const { directory, read } = await clone(`${server.origin}/evil`);
    expect(read('a.txt')).toBe('text\n');
    expect(readdirSync(join(directory, 'm'))).toEqual([]);
    expect(existsSync(join(directory, 'ran'))).toBe(false);
    expect(neighbour.requests).toEqual([]);
  });

  it('refuses objects that would write into .git', async () => {
    server.create('dotgit', { file: 'x' });
    const blob = server.git('dotgit', 'rev-parse', 'HEAD:file').trim();
    const mktree = (input: string) =>
      server.git('dotgit', '-c', 'alias.t=!f() { printf "$1" | git mktree; }; f', 't', input).trim();
    const inner = mktree(`100755 blob ${blob}\\tpost-checkout\\n`);
    const outer = mktree(`040000 tree ${inner}\\t.git\\n`);
    const commit = server.git('dotgit', 'commit-tree', '-m', 'evil', outer).trim();
    server.git('dotgit', 'update-ref', 'refs/heads/main', commit);
    expect(await failure(`${server.origin}/dotgit`)).toMatch(/^failed: git says: .*(hasDotgit|fsck)/);
  });

  it('ends with a pack that is too large, and with files that are', async () => {
    server.create('large', { 'noise.bin': Array.from({ length: 200_000 }, Math.random).join('') });
    expect(await failure(`${server.origin}/large`, { maxCloneBytes: 500_000 })).toMatch(/^too_large/);
    server.create('bomb', { zeros: '0'.repeat(8_000_000) });
    expect(await failure(`${server.origin}/bomb`, { maxCloneBytes: 2_000_000 })).toMatch(/^too_large/);
    expect(await failure(`${server.origin}/endless/x`, { maxCloneBytes: 50_000_000 })).toMatch(
      /^(too_large|failed)/,
    );
  });

  it('says so when a server knows only older versions of the protocol', async () => {
    server.create('old', { file: 'one' });
    expect(await failure(`${server.origin}/v0/old`)).toBe(
      'failed: the git server does not speak version 2 of the git protocol',
    );
  });

  it('ends when a server is slow', async () => {
    const message = await failure(`${server.origin}/silent/x`, { cloneTimeoutMs: 700 });
    expect(message).toBe('timeout: the clone took longer than 0.7 seconds');
  });

  it('ends when its caller goes away', async () => {
    const sourceControl = open();
    const { workspace } = await openDirectory();
    const url = new URL(`${server.origin}/silent/x`);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('gone')), 200);
    await expect(
      sourceControl.clone(workspace, { url, ref: null, ownerId: 'o' }, abort.signal),
    ).rejects.toThrow('gone');
  });

  it('leaves others their places, however many an owner asks for at once', async () => {
    const sourceControl = open();
    const { workspace } = await openDirectory();
    const silent = new URL(`${server.origin}/silent/x`);
    const abort = new AbortController();
    const start = (ownerId: string, url = silent) =>
      sourceControl
        .clone(workspace, { url, ref: null, ownerId }, abort.signal)
        .catch((error: unknown) => error);
    const greedy = Array.from({ length: 8 }, () => start('greedy'));
    const refused = await Promise.all(greedy.slice(6));
    expect(refused).toMatchObject([{ code: 'busy' }, { code: 'busy' }]);
    expect(String(refused[0])).toContain('You have enough');
    const other = start('other', new URL(`${server.origin}/nothing/here`));
    expect(await other).not.toMatchObject({ code: 'busy' });
    abort.abort(new Error('gone'));
    expect((await Promise.all(greedy)).slice(0, 6).every((end) => String(end) === 'Error: gone')).toBe(true);
  });
});
