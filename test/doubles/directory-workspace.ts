import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Stats } from 'node:fs';
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat as statFile,
  writeFile,
} from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join, posix } from 'node:path';
import {
  type FileStat,
  type TreeEntry,
  WORKSPACE_ROOT,
  type Workspace,
  WorkspaceError,
  type WorkspaceProcess,
  type WorkspaceProvider,
} from '#domain/workspace/index.ts';

export interface DirectoryWorkspace extends Workspace {
  /** The real directory. */
  readonly directory: string;
  /** Processes that still run. */
  running(): number;
  close(): Promise<void>;
}

/** A plain directory as a workspace: real files, real bash, no sandbox, no ripgrep. */
export function createDirectoryWorkspace(directory: string, projectId: string): DirectoryWorkspace {
  const children = new Set<ChildProcess>();
  const real = (path: string) => join(directory, posix.relative(WORKSPACE_ROOT, absolute(path)));

  /** As the file system would, for links whose directories exist. */
  async function resolve(path: string): Promise<string> {
    const host = real(path);
    const link = await readlink(host).catch(() => null);
    if (link !== null) return resolve(posix.resolve(posix.dirname(absolute(path)), link));
    const [base, parent] = await Promise.all([
      realpath(directory),
      realpath(dirname(host)).catch(() => null),
    ]);
    if (host === directory || parent === null) return absolute(path);
    return posix.join(WORKSPACE_ROOT, posix.relative(base, parent), posix.basename(host));
  }

  async function stat(path: string): Promise<FileStat | null> {
    try {
      return toStat(await resolve(path), await statFile(real(path)));
    } catch {
      return null;
    }
  }

  async function mustStat(path: string): Promise<FileStat> {
    const found = await stat(path);
    if (!found) throw new WorkspaceError('not_found', `Not found: ${path}`);
    return found;
  }

  async function tree(path: string, depth = 1): Promise<TreeEntry[]> {
    const entries: TreeEntry[] = [];
    for (const entry of await readdir(real(path), { withFileTypes: true })) {
      const child = posix.join(absolute(path), entry.name);
      entries.push({ path: child, type: entry.isDirectory() ? 'directory' : 'file', depth });
      if (entry.isDirectory()) entries.push(...(await tree(child, depth + 1)));
    }
    return entries;
  }

  async function files(path = '.'): Promise<string[]> {
    return (await tree(path)).filter(({ type }) => type === 'file').map((entry) => entry.path);
  }

  async function start({
    argv,
    cwd = '.',
    env,
  }: Parameters<Workspace['spawn']>[0]): Promise<WorkspaceProcess> {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      cwd: real(cwd),
      env: { PATH: '/usr/bin:/bin', ...env },
      detached: true,
    });
    children.add(child);
    const exited = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
      child.once('error', () => resolve({ exitCode: 127, signal: null }));
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    }).finally(() => children.delete(child));
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exited,
      async kill() {
        killGroup(child);
        await exited;
      },
    };
  }

  return {
    projectId,
    directory,
    running: () => children.size,
    stat,
    resolve,
    async connect(port) {
      const socket = connect({ host: 'localhost', port, autoSelectFamily: true });
      await once(socket, 'connect').catch(() => {
        throw new WorkspaceError('not_found', `Nothing answers on port ${port} of the project.`);
      });
      return socket;
    },
    spawn: start,
    async exec({ command, cwd }, signal) {
      const startedAt = performance.now();
      const started = await start({ argv: ['/bin/bash', '--norc', '-c', command], cwd });
      const abort = () => void started.kill();
      signal.addEventListener('abort', abort, { once: true });
      started.stdin.end();
      const [stdout, stderr, exit] = await Promise.all([
        text(started.stdout),
        text(started.stderr),
        started.exited,
      ]);
      signal.removeEventListener('abort', abort);
      const durationMs = performance.now() - startedAt;
      return {
        stdout,
        stderr,
        ...exit,
        timedOut: false,
        cancelled: signal.aborted,
        truncatedBytes: 0,
        durationMs,
      };
    },
    async read(path, { offset = 0, limit = Number.POSITIVE_INFINITY } = {}) {
      const found = await mustStat(path);
      if (found.type !== 'file') throw new WorkspaceError('not_a_file', `Not a file: ${path}`);
      const bytes = await readFile(real(path));
      return { bytes: bytes.subarray(offset, offset + limit), stat: found };
    },
    async write(path, bytes) {
      await mkdir(dirname(real(path)), { recursive: true });
      await writeFile(real(path), bytes);
      return mustStat(path);
    },
    async list(path, limit) {
      const names = await readdir(real(path));
      const entries = await Promise.all(
        names.slice(0, limit).map(async (name) => {
          const child = posix.join(absolute(path), name);
          return toStat(child, await lstat(real(child)));
        }),
      );
      return { entries, truncated: names.length > limit };
    },
    async tree(path, { limit, depth }) {
      await mustStat(path);
      const entries = (await tree(path)).filter((entry) => depth === 0 || entry.depth <= depth);
      return {
        entries: entries.slice(0, limit),
        truncated: entries.length > limit,
        leftOut: { count: 0, paths: [] },
      };
    },
    async glob(pattern, { path, limit }) {
      const suffix = pattern.replace(/^.*\*/, '');
      const paths = (await files(path)).filter((file) => file.endsWith(suffix));
      return { paths: paths.slice(0, limit), truncated: paths.length > limit, leftOut: 0 };
    },
    async grep(pattern, { path, limit }) {
      const matches = [];
      for (const file of await files(path)) {
        for (const [index, line] of (await readFile(real(file), 'utf8')).split('\n').entries()) {
          const column = line.search(new RegExp(pattern));
          if (column !== -1) matches.push({ path: file, line: index + 1, column: column + 1, text: line });
        }
      }
      return { matches: matches.slice(0, limit), truncated: matches.length > limit, leftOut: 0 };
    },
    remove: (path) => rm(real(path), { recursive: true, force: true }),
    async close() {
      for (const child of children) killGroup(child);
    },
  };
}

/** One directory for every project. */
export function createDirectoryProvider(workspace: DirectoryWorkspace, isolated = true): WorkspaceProvider {
  return {
    driver: isolated ? 'bubblewrap' : 'host',
    isolated,
    create: async (_, root) => ({ root }),
    async open() {
      return workspace;
    },
    async destroy() {},
    close: () => workspace.close(),
  };
}

function toStat(path: string, found: Stats): FileStat {
  const type = found.isFile()
    ? 'file'
    : found.isDirectory()
      ? 'directory'
      : found.isSymbolicLink()
        ? 'symlink'
        : 'other';
  return { path: absolute(path), type, size: found.size, mtimeMs: found.mtimeMs };
}

function absolute(path: string): string {
  const resolved = posix.resolve(WORKSPACE_ROOT, path);
  if (resolved !== WORKSPACE_ROOT && !resolved.startsWith(`${WORKSPACE_ROOT}/`)) {
    throw new WorkspaceError('outside_workspace', `Outside the workspace: ${path}`);
  }
  return resolved;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}
