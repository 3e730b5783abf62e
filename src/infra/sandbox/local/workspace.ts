import type { Socket } from 'node:net';
import {
  type ExecRequest,
  type ExecResult,
  type Workspace,
  WorkspaceError,
} from '#domain/workspace/index.ts';
import { unlessAborted } from '#shared/async/unless-aborted.ts';
import type {
  LaunchedProcess,
  LaunchRequest,
  ProcessLauncher,
  SandboxLimits,
  WorkspaceLocation,
} from './driver.ts';
import type { FileStore } from './files/file-store.ts';
import { locateDirectory } from './files/locate-directory.ts';
import { runCommand } from './process/run-command.ts';
import { asWorkspaceProcess } from './process/workspace-process.ts';
import type { Search } from './search/search.ts';
import type { Room, WorkspaceUsage } from './usage/workspace-usage.ts';

const MAX_TIMEOUT_MS = 600_000;
/** The kernel takes no longer argument. */
const MAX_ARGUMENT_BYTES = 128 * 1024 - 1;

export interface WorkspaceDeps {
  location: WorkspaceLocation;
  launcher: ProcessLauncher;
  files: FileStore;
  search: Search;
  usage: WorkspaceUsage;
  limits: SandboxLimits;
  defaultTimeoutMs: number;
  /** Told of everything that is started, so that it can be ended with the project or the server. */
  onLaunch(launched: LaunchedProcess): void;
}

export function createWorkspace(deps: WorkspaceDeps): Workspace {
  const { location, launcher, files, search, limits } = deps;

  async function launch(request: Omit<LaunchRequest, 'env' | 'cwd'>, from: Pick<ExecRequest, 'cwd' | 'env'>) {
    for (const argument of request.argv) refuseArgument(argument);
    const cwd = locateDirectory(location, from.cwd ?? '').join('/');
    const launched = await launcher.launch(location, {
      ...request,
      cwd,
      env: launcher.environment(from.env),
    });
    deps.onLaunch(launched);
    return launched;
  }

  async function exec(request: ExecRequest, signal: AbortSignal): Promise<ExecResult> {
    const argv = ['/bin/bash', '-c', request.command] as const;
    const stdin = request.stdin === undefined ? 'ignore' : 'pipe';
    const ceiling = Math.max(MAX_TIMEOUT_MS, deps.defaultTimeoutMs);
    let room: Room = { full: null, fileMb: limits.fileMb };
    const result = await runCommand(
      {
        async launch() {
          room = await deps.usage.room(location);
          return launch({ argv: [...argv], stdin, fileMb: room.fileMb, fenced: true }, request);
        },
        request,
        timeoutMs: Math.min(request.timeoutMs ?? deps.defaultTimeoutMs, ceiling),
        maxOutputBytes: Math.min(request.maxOutputBytes ?? limits.outputKb * 1024, limits.outputKb * 1024),
        watch: (exceeded) => deps.usage.watch(location, room, exceeded),
      },
      signal,
    );
    if (room.full === null) return result;
    const note = `${room.full} This command could remove files but not let any grow.`;
    return { ...result, stderr: `${result.stderr}${result.stderr === '' ? '' : '\n'}${note}\n` };
  }

  return {
    projectId: location.projectId,
    exec,
    async spawn(request) {
      const room = await deps.usage.room(location);
      const { fileMb } = room;
      const launched = await launch({ argv: request.argv, stdin: 'pipe', fileMb, fenced: true }, request);
      const unwatch = deps.usage.watch(location, room, () => launched.kill());
      void launched.closed.then(unwatch);
      return asWorkspaceProcess(launched);
    },
    connect: (port, signal) => connect(launcher.connect(location, port), signal),
    stat: (path) => files.stat(path),
    resolve: (path) => files.resolve(path),
    read: (path, options, signal) => files.read(path, options ?? {}, signal),
    async write(path, bytes, signal) {
      await deps.usage.refuseFull(location, bytes.length);
      const stat = await files.write(path, bytes, signal);
      deps.usage.changed(location, bytes.length);
      return stat;
    },
    list: (path, limit, signal) => files.list(path, limit, signal),
    async remove(path, signal) {
      await files.remove(path, signal);
      deps.usage.changed(location, 0);
    },
    tree: search.tree,
    glob: search.glob,
    grep: search.grep,
  };
}

/** Nobody waits for a connection that comes after the signal. */
async function connect(dialling: Promise<Socket>, signal: AbortSignal | undefined): Promise<Socket> {
  if (signal === undefined) return dialling;
  const socket = await unlessAborted(dialling, signal);
  if (socket !== null) return socket;
  dialling.then(
    (late) => late.destroy(),
    () => {},
  );
  throw new WorkspaceError('unavailable', 'The connection was given up.');
}

function refuseArgument(argument: string): void {
  if (argument.includes('\0')) throw new WorkspaceError('refused', 'The command holds a NUL character.');
  if (Buffer.byteLength(argument) > MAX_ARGUMENT_BYTES) {
    throw new WorkspaceError('too_large', 'The command is too long; write it to a file and run that.');
  }
}
