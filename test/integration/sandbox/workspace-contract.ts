import { lstatSync, symlinkSync } from 'node:fs';
import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Workspace, WorkspaceProvider } from '#domain/workspace/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { LIMITS, never, type Opened } from './drivers.ts';

export type ContractSubject = Omit<Opened, 'provider'> & { provider: WorkspaceProvider };

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const bytes = (value: string): Uint8Array => Buffer.from(value);

/** What every driver has to do alike. `open` makes a provider with one open workspace on this machine. */
export function describeWorkspaceContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(`a workspace by ${name}`, () => contract(open));
}

function contract(open: () => Promise<ContractSubject>): void {
  let opened: ContractSubject;
  let workspace: Workspace;
  beforeAll(async () => {
    opened = await open();
    workspace = opened.workspace;
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    const { entries } = await workspace.list('', 1000);
    for (const entry of entries) await workspace.remove(entry.path);
  });

  const run = (command: string, more: object = {}) => workspace.exec({ command, ...more }, never());

  describe('exec', () => {
    test('gives output, errors and status', async () => {
      const result = await run('echo out; echo err >&2; exit 3');
      expect(result).toMatchObject({
        stdout: 'out\n',
        stderr: 'err\n',
        exitCode: 3,
        signal: null,
        timedOut: false,
        cancelled: false,
        truncatedBytes: 0,
      });
    });

    test('passes standard input, a working directory and environment', async () => {
      await workspace.write('sub/dir/x', bytes(''));
      const result = await run('cat; basename "$PWD"; echo "$API_URL|$LD_PRELOAD|$CRUSH|$EDITOR"', {
        stdin: 'in\n',
        cwd: '/workspace/sub/dir',
        env: { API_URL: 'x', LD_PRELOAD: '/workspace/x.so', CRUSH: '0' },
      });
      expect(result.stdout).toBe('in\ndir\nx||1|false\n');
    });

    test('commits as whom the environment names, in a repository that git trusts', async () => {
      const env = {
        GIT_AUTHOR_NAME: 'Ada',
        GIT_AUTHOR_EMAIL: 'ada@example.com',
        GIT_COMMITTER_NAME: 'Ada',
        GIT_COMMITTER_EMAIL: 'ada@example.com',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'core.hooksPath',
        GIT_CONFIG_VALUE_0: '/none',
      };
      const command =
        'git init -q . && git commit -q --allow-empty -m x && git log --format="%an <%ae> %cn <%ce>"; git config core.hooksPath';
      const { stdout, stderr } = await run(command, { env });
      expect(stdout).toBe('Ada <ada@example.com> Ada <ada@example.com>\n');
      expect(stderr).toBe('');
    });

    test('refuses working directories that are missing, files or outside', async () => {
      await workspace.write('file', bytes(''));
      await expect(run('pwd', { cwd: 'nowhere' })).rejects.toMatchObject({ code: 'not_found' });
      await expect(run('pwd', { cwd: 'file' })).rejects.toMatchObject({ code: 'not_a_directory' });
      await expect(run('pwd', { cwd: '/etc' })).rejects.toMatchObject({ code: 'outside_workspace' });
      await expect(run('echo a\0b')).rejects.toMatchObject({ code: 'refused' });
      await expect(run(`true ${'x'.repeat(140_000)}`)).rejects.toMatchObject({ code: 'too_large' });
    });

    test('streams whole characters while the command runs', async () => {
      const pieces: string[] = [];
      const command = String.raw`printf '\xe2\x82'; sleep 0.2; printf '\xac\n'; sleep 0.2; echo end`;
      const result = await run(command, { onOutput: (_: string, piece: string) => pieces.push(piece) });
      expect(pieces).toEqual(['€\n', 'end\n']);
      expect(result.stdout).toBe('€\nend\n');
    });

    test('keeps head and tail of a flood and drains the rest', async () => {
      const result = await run('echo first; yes | head -c 50000000; echo last');
      expect(result.stdout.startsWith('first\ny\n')).toBe(true);
      expect(result.stdout.endsWith('y\nlast\n')).toBe(true);
      expect(result.stdout.length).toBeLessThan(LIMITS.outputKb * 1024 + 100);
      expect(result.truncatedBytes).toBe(50_000_011 - LIMITS.outputKb * 1024);
    });

    test('ends a command at its time-out, also one that ignores TERM', async () => {
      const polite = await run('sleep 60', { timeoutMs: 200 });
      expect(polite).toMatchObject({ timedOut: true, exitCode: null });
      expect(polite.durationMs).toBeLessThan(1500);
      const stubborn = await run('trap "" TERM; while :; do sleep 0.1; done', { timeoutMs: 200 });
      expect(stubborn).toMatchObject({ timedOut: true, exitCode: null, signal: 'SIGKILL' });
      expect(stubborn.durationMs).toBeLessThan(3500);
    });

    test('gives TERM a chance to be handled', async () => {
      const result = await run('trap "echo bye; exit 0" TERM; while :; do sleep 0.05; done', {
        timeoutMs: 300,
      });
      expect(result).toMatchObject({ timedOut: true, stdout: 'bye\n' });
    });

    test('ends a command when its signal aborts', async () => {
      const controller = new AbortController();
      const onOutput = () => controller.abort();
      const result = await workspace.exec({ command: 'echo begun; sleep 60', onOutput }, controller.signal);
      expect(result).toMatchObject({ cancelled: true, stdout: 'begun\n', exitCode: null });
      expect(result.durationMs).toBeLessThan(3000);
      expect(await workspace.exec({ command: 'echo x' }, controller.signal)).toMatchObject({
        cancelled: true,
        stdout: '',
      });
    });

    test('leaves no child behind', async () => {
      await run('(while :; do date +%s%N > beat; sleep 0.05; done) >/dev/null 2>&1 & sleep 0.2');
      const before = text((await workspace.read('beat')).bytes);
      await sleep(300);
      expect(text((await workspace.read('beat')).bytes)).toBe(before);
    });

    test('runs several commands at the same time', async () => {
      const results = await Promise.all([1, 2, 3, 4].map((n) => run(`sleep 0.2; echo ${n}`)));
      expect(results.map((result) => result.stdout)).toEqual(['1\n', '2\n', '3\n', '4\n']);
    });
  });

  describe('spawn', () => {
    test('talks over standard input and output until it is killed', async () => {
      const child = await workspace.spawn({ argv: ['/bin/cat'] });
      child.stdin.write('ping\n');
      const reply = await new Promise<string>((resolve) => {
        child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      });
      expect(reply).toBe('ping\n');
      await Promise.all([child.kill(), child.kill()]);
      const { exitCode, signal } = await child.exited;
      expect(exitCode === 143 || signal === 'SIGTERM').toBe(true);
    });

    test('reports the status of a program that ends by itself', async () => {
      const child = await workspace.spawn({ argv: ['/bin/bash', '-c', 'exit 5'] });
      child.stdout.resume();
      child.stderr.resume();
      expect(await child.exited).toEqual({ exitCode: 5, signal: null });
    });
  });

  describe('files', () => {
    test('are written with parents, replaced in one step and keep their mode', async () => {
      await workspace.write('/workspace/a/b/run.sh', bytes('#!/bin/sh\necho one\n'));
      await run('chmod 750 a/b/run.sh');
      const stat = await workspace.write('a/b/run.sh', bytes('#!/bin/sh\necho two\n'));
      expect(stat).toMatchObject({ path: '/workspace/a/b/run.sh', type: 'file', size: 19 });
      expect((await run('a/b/run.sh')).stdout).toBe('two\n');
      expect(await readdir(join(opened.directory, 'a/b'))).toEqual(['run.sh']);
    });

    test('belong to the commands as much as to the server', async () => {
      await workspace.write('made/by-server', bytes('1'));
      const result = await run('echo 2 >> made/by-server && echo 3 > made/by-command && mkdir -p own/dir');
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(text((await workspace.read('made/by-server')).bytes)).toBe('12\n');
      await workspace.write('made/by-command', bytes('4'));
      await workspace.write('own/dir/file', bytes('5'));
      await run('rm -r made own');
      expect(await workspace.stat('made')).toBeNull();
    });

    test('are read in ranges', async () => {
      await workspace.write('f', bytes('0123456789'));
      const range = await workspace.read('f', { offset: 3, limit: 4 });
      expect(text(range.bytes)).toBe('3456');
      expect(range.stat.size).toBe(10);
      expect(text((await workspace.read('f', { offset: 20, limit: 4 })).bytes)).toBe('');
    });

    test('answer what they are not', async () => {
      await workspace.write('d/f', bytes(''));
      await expect(workspace.read('missing')).rejects.toMatchObject({ code: 'not_found' });
      await expect(workspace.read('d')).rejects.toMatchObject({ code: 'not_a_file' });
      await expect(workspace.read('')).rejects.toMatchObject({ code: 'not_a_file' });
      await expect(workspace.read('d/f/x')).rejects.toMatchObject({ code: 'not_a_directory' });
      await expect(workspace.write('d', bytes(''))).rejects.toMatchObject({ code: 'not_a_file' });
      await expect(workspace.list('d/f', 10)).rejects.toMatchObject({ code: 'not_a_directory' });
      await expect(workspace.remove('missing')).rejects.toMatchObject({ code: 'not_found' });
      await expect(workspace.remove('')).rejects.toMatchObject({ code: 'refused' });
      expect(await workspace.stat('missing/x')).toBeNull();
      expect(await workspace.stat('')).toMatchObject({ path: '/workspace', type: 'directory' });
    });

    test('larger than 10 MiB need a limit', async () => {
      await run('head -c 11000000 /dev/zero > big');
      await expect(workspace.read('big')).rejects.toMatchObject({ code: 'too_large' });
      expect((await workspace.read('big', { limit: 100 })).bytes.length).toBe(100);
    });

    test('are reached through links that stay inside', async () => {
      await workspace.write('real/f', bytes('x'));
      await run(
        'ln -s real link; ln -s ../real/f real/self; ln -s /workspace/real/f absolute; ln -s gone dangling',
      );
      for (const path of ['link/f', 'real/self', 'absolute']) {
        expect(text((await workspace.read(path)).bytes)).toBe('x');
      }
      expect((await workspace.stat('link/f'))?.path).toBe('/workspace/real/f');
      await workspace.write('absolute', bytes('y'));
      expect(text((await workspace.read('real/f')).bytes)).toBe('y');
      expect(lstatSync(join(opened.directory, 'absolute')).isSymbolicLink()).toBe(true);
      expect(await workspace.stat('dangling')).toBeNull();
      await workspace.remove('link');
      expect(text((await workspace.read('real/f')).bytes)).toBe('y');
    });

    test('tell where a write to a path would go, whether anything is there or not', async () => {
      await workspace.write('real/a', bytes('a'));
      await run(
        'mkdir -p links .git/hooks && ln -s ../real/a links/a && ln -s ../.git/hooks links/h && ln -s ../.vscode/tasks.json links/t && ln -s /workspace/none/../.git links/g && ln -s links/h h && ln real/a links/hard',
      );
      const resolved = [
        ['real/a', 'real/a'],
        ['.', ''],
        ['links/a', 'real/a'],
        ['links/h/pre-commit', '.git/hooks/pre-commit'],
        ['h/x/y', '.git/hooks/x/y'],
        ['links/t', '.vscode/tasks.json'],
        ['links/g/config', '.git/config'],
        ['links/hard', 'links/hard'],
        ['new/deep/file', 'new/deep/file'],
        ['links/../new', 'new'],
      ] as const;
      for (const [path, expected] of resolved) {
        expect(await workspace.resolve(path)).toBe(expected === '' ? '/workspace' : `/workspace/${expected}`);
      }
      expect(await workspace.stat('none')).toBeNull();
      for (const path of ['links/t', 'links/hard', 'new/deep/file']) {
        expect((await workspace.write(path, bytes('b'))).path).toBe(await workspace.resolve(path));
      }
      expect(text((await workspace.read('real/a')).bytes)).toBe('a');
      await run('ln -s / out; ln -s loop loop');
      for (const path of ['out/x', 'loop', '../x']) await expect(workspace.resolve(path)).rejects.toThrow();
      await expect(workspace.resolve('real/a/b')).rejects.toMatchObject({ code: 'not_a_directory' });
    });

    test('are reached by any name that a file can have', async () => {
      const names = ['back\\slash.txt', 'a%2Fb.txt', '100%.txt', 'dir\\x/%5c', 'tab\there', '#?&', "it's"];
      for (const name of names) {
        await workspace.write(name, bytes(name));
        expect(text((await workspace.read(`/workspace/${name}`)).bytes)).toBe(name);
        expect((await workspace.stat(name))?.path).toBe(`/workspace/${name}`);
        expect((await workspace.grep('.', { path: name, limit: 1 })).matches).toHaveLength(1);
      }
      const { paths } = await workspace.glob('**', { limit: 100 });
      expect(new Set(paths)).toEqual(new Set(names.map((name) => `/workspace/${name}`)));
      expect(await readdir(opened.directory)).toContain('back\\slash.txt');
    });

    test('are the same however the characters of a name are composed', async () => {
      const [composed, split] = ['caf\u00e9', 'cafe\u0301'];
      await workspace.write(`${split}/${split}.txt`, bytes('one'));
      expect(text((await workspace.read(`${composed}/${composed}.txt`)).bytes)).toBe('one');
      expect((await workspace.stat(composed))?.path).toBe(`/workspace/${split}`);
      await workspace.write(`${composed}/${composed}.txt`, bytes('two'));
      expect(text((await workspace.read(`${split}/${split}.txt`)).bytes)).toBe('two');
      expect(await readdir(join(opened.directory, split))).toEqual([`${split}.txt`]);
      expect((await workspace.glob(`${composed}/*`, { limit: 9 })).paths).toEqual([
        `/workspace/${split}/${split}.txt`,
      ]);
      await workspace.write(`${split}/n.txt`, bytes(''));
      await run(`touch '${composed}'`);
      expect((await workspace.stat(composed))?.type).toBe('file');
      await workspace.remove(composed);
      await workspace.remove(`${composed}`);
      expect(await workspace.stat(split)).toBeNull();
    });

    test('are not reached through links that lead outside or in circles', async () => {
      const secret = join(opened.dataDir, 'secret');
      await mkdir(secret, { recursive: true });
      for (const target of ['/etc', secret, '../..', '/workspace/../..']) {
        symlinkSync(target, join(opened.directory, 'out'));
        for (const path of ['out', 'out/passwd']) {
          const refused = { code: 'outside_workspace' };
          await expect(workspace.read(path)).rejects.toMatchObject(refused);
          await expect(workspace.write(path, bytes('x'))).rejects.toMatchObject(refused);
          await expect(workspace.stat(path)).rejects.toMatchObject(refused);
          await expect(workspace.list(path, 10)).rejects.toMatchObject(refused);
          await expect(workspace.glob('*', { path, limit: 10 })).rejects.toMatchObject(refused);
          await expect(workspace.grep('x', { path, limit: 10 })).rejects.toMatchObject(refused);
          await expect(workspace.tree(path, { depth: 0, limit: 9 })).rejects.toMatchObject(refused);
        }
        await expect(workspace.remove('out/x')).rejects.toMatchObject({ code: 'outside_workspace' });
        await workspace.remove('out');
      }
      await run('ln -s b a; ln -s a b');
      await expect(workspace.read('a')).rejects.toMatchObject({ code: 'refused' });
      expect(await readdir(secret)).toEqual([]);
    });

    test('that are pipes or devices are refused at once', async () => {
      await run('mkfifo pipe; ln -s pipe link');
      const startedAt = performance.now();
      await expect(workspace.read('pipe')).rejects.toMatchObject({ code: 'refused' });
      await expect(workspace.read('link')).rejects.toMatchObject({ code: 'refused' });
      await expect(workspace.write('pipe', bytes('x'))).rejects.toMatchObject({ code: 'refused' });
      expect(await workspace.stat('pipe')).toMatchObject({ type: 'other' });
      expect(performance.now() - startedAt).toBeLessThan(1000);
    });

    test('are listed by name up to a limit', async () => {
      await run('mkdir d; touch d/c d/a; mkdir d/b; ln -s a d/l');
      const { entries, truncated } = await workspace.list('d', 10);
      expect(entries.map((entry) => [entry.path, entry.type])).toEqual([
        ['/workspace/d/a', 'file'],
        ['/workspace/d/b', 'directory'],
        ['/workspace/d/c', 'file'],
        ['/workspace/d/l', 'symlink'],
      ]);
      expect(truncated).toBe(false);
      expect(await workspace.list('d', 2)).toMatchObject({ truncated: true, entries: { length: 2 } });
    });
  });

  describe('search', () => {
    const FILES = {
      'src/one.ts': 'const a = 1;\nfoo(a);\n  foo(b);\n',
      'src/deep/two.ts': 'äö foo\n',
      'src/deep/three.js': 'nothing\n',
      'src/skip.gen.ts': 'foo\n',
      'src/deep/keep.gen.ts': 'foo\n',
      'secret/x.ts': 'foo\n',
      'dist/out.ts': 'foo\n',
      'app.log': 'foo\n',
      'keep.log': 'foo\n',
      'node_modules/m/index.ts': 'foo\n',
      '.hidden/x.ts': 'foo\n',
      'noted.ts': 'foo\n',
      'binary.ts': 'foo\0bar\n',
      '.gitignore': '*.gen.ts\n/secret/\n!keep.log\n',
      'src/deep/.gitignore': '!keep.gen.ts\n',
      '.crushignore': 'noted.ts\n',
    };

    async function fill(): Promise<void> {
      for (const [path, content] of Object.entries(FILES)) await workspace.write(path, bytes(content));
      let seconds = 1_700_000_000;
      for (const path of ['src/deep/keep.gen.ts', 'src/one.ts', 'src/deep/two.ts']) {
        seconds += 10;
        await utimes(join(opened.directory, path), seconds, seconds);
      }
      await utimes(join(opened.directory, 'keep.log'), 1_600_000_000, 1_600_000_000);
    }

    const short = (path: string): string => path.replace('/workspace/', '');

    test('glob gives files that are neither hidden nor ignored, short paths first', async () => {
      await fill();
      const all = await workspace.glob('**', { limit: 100 });
      expect(all.paths.map(short)).toEqual([
        'keep.log',
        'binary.ts',
        'src/one.ts',
        'src/deep/two.ts',
        'src/deep/three.js',
        'src/deep/keep.gen.ts',
      ]);
      const found = async (pattern: string, path?: string) =>
        (await workspace.glob(pattern, { limit: 100, path })).paths.map(short);
      expect(await found('*.ts')).toEqual(['binary.ts']);
      expect(await found('src/**/*.{ts,js}')).toEqual([
        'src/one.ts',
        'src/deep/two.ts',
        'src/deep/three.js',
        'src/deep/keep.gen.ts',
      ]);
      expect(await found('*.js', 'src/deep')).toEqual(['src/deep/three.js']);
      expect(await found('*.ts', 'dist')).toEqual(['dist/out.ts']);
      expect(await found('nothing*')).toEqual([]);
      expect(await workspace.glob('**', { limit: 2 })).toMatchObject({
        truncated: true,
        paths: { length: 2 },
      });
    });

    test('grep gives the first match of each line, newest file first', async () => {
      await fill();
      const { matches, truncated } = await workspace.grep('fo+', { limit: 100 });
      expect(matches.map((match) => [short(match.path), match.line, match.column, match.text])).toEqual([
        ['src/deep/two.ts', 1, 4, 'äö foo'],
        ['src/one.ts', 2, 1, 'foo(a);'],
        ['src/one.ts', 3, 3, '  foo(b);'],
        ['src/deep/keep.gen.ts', 1, 1, 'foo'],
        ['keep.log', 1, 1, 'foo'],
      ]);
      expect(truncated).toBe(false);
      const found = async (pattern: string, more: object) =>
        (await workspace.grep(pattern, { limit: 100, ...more })).matches.map((match) => short(match.path));
      expect(await found('foo(', { literal: true })).toEqual(['src/one.ts', 'src/one.ts']);
      expect(await found('(?i)FOO', { include: '*.log' })).toEqual(['keep.log']);
      expect(await found('foo', { include: '*.{log,js}' })).toEqual(['keep.log']);
      expect(await found('foo', { include: 'src/deep/*.ts' })).toEqual([
        'src/deep/two.ts',
        'src/deep/keep.gen.ts',
      ]);
      expect(await found('foo', { path: 'src/deep', include: '*.ts' })).toEqual([
        'src/deep/two.ts',
        'src/deep/keep.gen.ts',
      ]);
      expect(await found('absent', {})).toEqual([]);
      expect(await workspace.grep('foo', { limit: 1 })).toMatchObject({ truncated: true });
    });

    test('grep cuts long lines and reports invalid patterns', async () => {
      await workspace.write('long.txt', bytes(`${'x'.repeat(1_000_000)}needle\n`));
      const { matches } = await workspace.grep('needle', { limit: 10 });
      expect(matches).toMatchObject([{ column: 1_000_001, text: 'x'.repeat(500) }]);
      await expect(workspace.grep('(', { limit: 1 })).rejects.toMatchObject({ code: 'invalid_pattern' });
      await expect(workspace.grep('', { limit: 1 })).rejects.toMatchObject({ code: 'invalid_pattern' });
      await expect(workspace.glob('', { limit: 1 })).rejects.toMatchObject({ code: 'invalid_pattern' });
    });

    test('patterns that look like options are patterns', async () => {
      await workspace.write('--help', bytes('--pre=x\n'));
      expect((await workspace.grep('--pre=x', { limit: 5 })).matches).toHaveLength(1);
      expect((await workspace.glob('--help', { limit: 5 })).paths).toEqual(['/workspace/--help']);
      expect((await workspace.grep('pre', { include: '--help', limit: 5 })).matches).toHaveLength(1);
    });

    test('tree shows folders and files by name, with a depth, a limit and more to ignore', async () => {
      await fill();
      const shown = async (depth: number, ignore?: string[]) =>
        (await workspace.tree('', { depth, limit: 100, ignore })).entries.map((entry) => short(entry.path));
      expect(await shown(1)).toEqual([
        '.crushignore',
        '.gitignore',
        '.hidden',
        'binary.ts',
        'keep.log',
        'src',
      ]);
      expect(await shown(0, ['.*', '*.js', 'binary.ts'])).toEqual([
        'keep.log',
        'src',
        'src/deep',
        'src/deep/keep.gen.ts',
        'src/deep/two.ts',
        'src/one.ts',
      ]);
      const cut = await workspace.tree('src', { depth: 0, limit: 2 });
      expect(cut).toMatchObject({ truncated: true, entries: [{ depth: 1 }, { depth: 2 }] });
    });

    test('glob takes characters without a meaning as they are', async () => {
      const paths = [
        'app/(auth)/login/page.tsx',
        'app/[slug]/page.tsx',
        'src/+page@(app).svelte',
        'app/@slot/x.ts',
      ];
      for (const path of paths) await workspace.write(path, bytes('use client\n'));
      const found = async (pattern: string) =>
        (await workspace.glob(pattern, { limit: 10 })).paths.map(short);
      expect(await found('app/(auth)/**')).toEqual(['app/(auth)/login/page.tsx']);
      expect(await found('**/(auth)/**/*.tsx')).toEqual(['app/(auth)/login/page.tsx']);
      expect(await found('app/[slug]/*.tsx')).toEqual(['app/[slug]/page.tsx']);
      expect(await found('src/+page@(app).svelte')).toEqual(['src/+page@(app).svelte']);
      expect(await found('**/@slot/*')).toEqual(['app/@slot/x.ts']);
      const { matches } = await workspace.grep('client', { include: 'app/(auth)/**', limit: 10 });
      expect(matches.map((match) => short(match.path))).toEqual(['app/(auth)/login/page.tsx']);
    });

    test('what a pattern names is found although it is hidden or ignored', async () => {
      const paths = [
        '.github/workflows/ci.yml',
        '.env.example',
        'package-lock.json',
        'bin/run.js',
        'sub/generated/api.ts',
        'sub/package-lock.json',
        'node_modules/m/package-lock.json',
        'src/index.js',
        '.git/config',
      ];
      for (const path of paths) await workspace.write(path, bytes('needle\n'));
      await workspace.write('.gitignore', bytes('generated/\n'));
      const glob = async (pattern: string, path?: string) => {
        const { paths: found, leftOut } = await workspace.glob(pattern, { limit: 10, path });
        return [...found.map(short), leftOut];
      };
      expect(await glob('.github/workflows/*.yml')).toEqual(['.github/workflows/ci.yml', 0]);
      expect(await glob('**/.github/**')).toEqual(['.github/workflows/ci.yml', 0]);
      expect(await glob('.env.example')).toEqual(['.env.example', 0]);
      expect(await glob('**/.env*')).toEqual(['.env.example', 0]);
      expect(await glob('package-lock.json')).toEqual(['package-lock.json', 0]);
      expect(await glob('**/package-lock.json')).toEqual(['package-lock.json', 'sub/package-lock.json', 1]);
      expect(await glob('bin/*')).toEqual(['bin/run.js', 0]);
      expect(await glob('**/generated/*.ts')).toEqual(['sub/generated/api.ts', 0]);
      expect(await glob('*.js', 'bin')).toEqual(['bin/run.js', 0]);
      expect(await glob('**/*.js')).toEqual(['src/index.js', 0]);
      expect(await glob('**/*.yml')).toEqual([1]);
      expect(await glob('*.absent')).toEqual([0]);
      expect(await glob('config')).toEqual([0]);

      const grep = async (more: object) => {
        const { matches, leftOut } = await workspace.grep('needle', { limit: 10, ...more });
        return [...matches.map((match) => short(match.path)), leftOut];
      };
      expect(await grep({})).toEqual(['src/index.js', 0]);
      expect(await grep({ include: '.env*' })).toEqual(['.env.example', 0]);
      expect(await grep({ include: 'package-lock.json', path: 'sub' })).toEqual(['sub/package-lock.json', 0]);
      expect(await grep({ include: '*.yml' })).toEqual([1]);
      expect(await grep({ path: 'bin' })).toEqual(['bin/run.js', 0]);
    });

    test('grep searches one file, whatever it is', async () => {
      await workspace.write('.gitignore', bytes('secret.txt\n'));
      await workspace.write('src/a.ts', bytes('one\nneedle\n'));
      await workspace.write('src/b.ts', bytes('needle\n'));
      for (const path of ['package-lock.json', '.env', 'secret.txt']) {
        await workspace.write(path, bytes('needle\n'));
      }
      await run('ln -s src/a.ts link; mkfifo pipe');
      for (const path of ['src/a.ts', 'package-lock.json', '.env', 'secret.txt', 'link']) {
        const { matches } = await workspace.grep('^needle$', { path, limit: 10, include: '*.md' });
        expect(matches.map((match) => short(match.path))).toEqual([path === 'link' ? 'src/a.ts' : path]);
      }
      await expect(workspace.grep('x', { path: 'pipe', limit: 1 })).rejects.toMatchObject({
        code: 'refused',
      });
      await expect(workspace.grep('x', { path: 'gone', limit: 1 })).rejects.toMatchObject({
        code: 'not_found',
      });
      await expect(workspace.glob('*', { path: 'src/a.ts', limit: 1 })).rejects.toMatchObject({
        code: 'not_a_directory',
      });
    });

    test('grep finds the ends of lines that end with CRLF, and says honestly what it cannot do', async () => {
      await workspace.write('dos.txt', bytes('first\r\nneedle\r\n'));
      const { matches } = await workspace.grep('^needle$', { limit: 10 });
      expect(matches).toEqual([{ path: '/workspace/dos.txt', line: 2, column: 1, text: 'needle' }]);
      for (const [pattern, reason] of [
        ['a(?=b)', 'look-around, including look-ahead and look-behind, is not supported'],
        ['(a)\\1', 'backreferences are not supported'],
        ['a(', 'unclosed group'],
      ] as const) {
        await expect(workspace.grep(pattern, { limit: 1 })).rejects.toMatchObject({
          code: 'invalid_pattern',
          message: `The pattern is not valid: ${reason}.`,
        });
      }
    });

    test('tree shows links with their targets, and tells what it leaves out', async () => {
      await workspace.write('bin/tool', bytes(''));
      await workspace.write('sub/package-lock.json', bytes(''));
      await workspace.write('sub/mine.tmp2', bytes(''));
      await workspace.write('.git/config', bytes(''));
      await run('ln -s sub/x link; ln -s /etc outside');
      const { entries, leftOut } = await workspace.tree('', { depth: 0, limit: 100, ignore: ['*.tmp2'] });
      expect(entries).toEqual([
        { path: '/workspace/link', type: 'symlink', depth: 1, target: 'sub/x' },
        { path: '/workspace/outside', type: 'symlink', depth: 1, target: '/etc' },
        { path: '/workspace/sub', type: 'directory', depth: 1 },
      ]);
      expect(leftOut).toEqual({ count: 2, paths: ['/workspace/bin/', '/workspace/sub/package-lock.json'] });
    });

    test('a search stops when its signal aborts', async () => {
      const signal = AbortSignal.abort(new Error('gone'));
      await expect(workspace.glob('**', { limit: 1 }, signal)).rejects.toThrow('gone');
      await expect(workspace.grep('x', { limit: 1 }, signal)).rejects.toThrow('gone');
    });
  });

  test('destroy ends what runs and removes the files, but not those of a listed root', async () => {
    const second = await open();
    try {
      await second.workspace.write('f', bytes('x'));
      const running = second.workspace.exec({ command: 'echo begun; sleep 60' }, never());
      const child = await second.workspace.spawn({ argv: ['/bin/sleep', '60'] });
      await sleep(300);
      await second.provider.destroy(second.projectId, second.root);
      expect((await running).stdout).toBe('begun\n');
      expect((await child.exited).exitCode).not.toBe(0);
      const left = lstatSync(second.directory, { throwIfNoEntry: false });
      expect(left === undefined).toBe(second.root === null);
    } finally {
      await second.close();
    }
  });

  test('ids and roots that are not acceptable are refused', async () => {
    for (const id of ['../x', '', '__proto__', 'a'.repeat(36)]) {
      await expect(opened.provider.create(id, null)).rejects.toMatchObject({ code: 'refused' });
    }
    for (const root of ['/etc', '/', opened.dataDir]) {
      await expect(opened.provider.create(opened.projectId, root)).rejects.toMatchObject({ code: 'refused' });
    }
  });
}
