import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { CommandGroups } from '../cgroup/command-groups.ts';
import type {
  LaunchedProcess,
  LaunchRequest,
  ProcessLauncher,
  SandboxLimits,
  WorkspaceLocation,
} from '../driver.ts';
import { dialHost } from '../network/dial-host.ts';
import type { NetworkLease, Networks } from '../network/networks.ts';
import { childrenOf, signalQuietly, started } from '../process/child.ts';
import { baseEnvironment, mergeEnvironment } from '../process/environment.ts';
import type { DescriptorShield } from '../process/inherited-descriptors.ts';
import type { OutputPipe, OutputPipes } from '../process/output-pipes.ts';
import {
  SANDBOX_HOME,
  type SandboxIdentity,
  type SandboxPlan,
  type SystemLayout,
  sandboxCommand,
  sandboxOptions,
} from './arguments.ts';
import type { ScratchDirectories } from './scratch-directories.ts';
import type { WorkspaceLocks } from './workspace-lock.ts';

/** Descriptors as the child sees them. */
const ARGS_FD = 3;
const SECCOMP_FD = 4;
const LOCK_FD = 5;

/** The user inside when it is the server's own under another name. */
const NAMESPACE_ID = 1000;

export interface BubblewrapLauncherDeps {
  bwrapPath: string;
  seccompPath: string;
  system: SystemLayout;
  limits: SandboxLimits;
  /** Null: commands have the host's network. */
  networks: Networks | null;
  nsenterPath: string;
  /** What tells programs of the way out, if there is one. */
  networkEnvironment: Readonly<Record<string, string>>;
  scratch: ScratchDirectories;
  serverUid: number;
  locks: WorkspaceLocks;
  groups: CommandGroups;
  pipes: OutputPipes;
  shield: DescriptorShield;
  etcDirectoryFor(uid: number, gid: number): string;
}

export function createBubblewrapLauncher(deps: BubblewrapLauncherDeps): ProcessLauncher {
  function planFor(location: WorkspaceLocation, request: LaunchRequest): SandboxPlan {
    const identity = identityFor(location, deps.serverUid);
    return {
      identity,
      system: deps.system,
      directory: location.directory,
      etcDirectory: deps.etcDirectoryFor(identity.uid, identity.gid),
      scratch: request.fenced ? location : null,
      // Searches have no use for one.
      network: request.fenced ? 'inherited' : 'none',
      limits: deps.limits,
      env: request.env,
      cwd: request.cwd,
      seccompFd: SECCOMP_FD,
      lockFd: request.fenced ? LOCK_FD : null,
      argv: request.argv,
    };
  }

  return {
    environment: (extra) =>
      mergeEnvironment({ ...baseEnvironment(SANDBOX_HOME, 'u'), ...deps.networkEnvironment }, extra),
    async connect(location, port) {
      return deps.networks === null ? dialHost(port) : deps.networks.connect(location, port);
    },
    async launch(location, request) {
      // A program further up the command line would hide that this one is missing.
      if (!existsSync(deps.bwrapPath))
        throw new WorkspaceError('unavailable', 'bubblewrap is not installed.');
      const lock = request.fenced ? await deps.locks.acquire(location.directory) : null;
      let lease: NetworkLease | null = null;
      let output: Output;
      try {
        if (request.fenced) await deps.scratch.prepare(location);
        if (request.fenced && deps.networks !== null) lease = await deps.networks.acquire(location);
        output = await takeOutput(deps, location);
      } catch (error) {
        lock?.release();
        lease?.release();
        throw error;
      }
      const plan = planFor(location, request);
      let released = false;
      const release = (): void => {
        if (released) return;
        released = true;
        lock?.release();
        lease?.release();
        for (const pipe of output) pipe.release();
      };
      let child: ChildProcess | null = null;
      try {
        const way = [...(request.fenced ? deps.groups.entrance(location) : []), ...entrance(deps, lease)];
        child = spawnSandbox(deps, plan, request, { lockFd: lock?.fd ?? null, way, output });
        for (const pipe of output) pipe.handOver();
        const closed = whenClosed(child, output).finally(release);
        // A search is a single program, for which its own limits are enough.
        const joined = child.pid && request.fenced ? deps.groups.add(location, child.pid) : null;
        await started(child);
        await joined;
        // bwrap reads its arguments before it forks, so all that it starts is in the group.
        writeArguments(child, sandboxOptions(plan));
        return launched(child, output, closed);
      } catch (error) {
        child?.kill('SIGKILL');
        release();
        throw error;
      }
    },
    async forget(location) {
      await deps.networks?.forget(location);
      await deps.groups.remove(location);
      await deps.scratch.remove(location);
    },
    async close() {
      await deps.networks?.close();
      deps.locks.close();
      deps.pipes.close();
      await deps.groups.close();
      await deps.scratch.close();
      deps.shield.close();
    },
  };
}

function identityFor(location: WorkspaceLocation, serverUid: number): SandboxIdentity {
  if (serverUid !== 0 || location.uid === 0)
    return { kind: 'namespace', uid: NAMESPACE_ID, gid: NAMESPACE_ID };
  return { kind: 'user', uid: location.uid, gid: location.gid };
}

function spawnSandbox(
  deps: BubblewrapLauncherDeps,
  plan: SandboxPlan,
  request: LaunchRequest,
  { lockFd, way, output }: { lockFd: number | null; way: readonly string[]; output: Output },
): ChildProcess {
  const seccompFd = openSync(deps.seccompPath, 'r');
  const [program, ...args] = [...way, deps.bwrapPath, '--args', String(ARGS_FD), '--'];
  try {
    return spawn(program ?? deps.bwrapPath, [...args, ...sandboxCommand(plan)], {
      stdio: deps.shield.cover([
        request.stdin,
        ...output.map((pipe) => pipe.writeFd),
        'pipe',
        seccompFd,
        ...(lockFd === null ? [] : [lockFd]),
      ]),
      env: {},
      cwd: '/',
      detached: true,
    });
  } finally {
    closeSync(seccompFd);
  }
}

/** Into the workspace's network; nsenter replaces itself by bwrap. */
function entrance({ nsenterPath }: BubblewrapLauncherDeps, lease: NetworkLease | null): string[] {
  return lease === null ? [] : [nsenterPath, ...lease.enter, '--'];
}

function writeArguments(child: ChildProcess, options: readonly string[]): void {
  const stream = child.stdio[ARGS_FD] as Writable;
  stream.on('error', () => {});
  stream.end(options.map((option) => `${option}\0`).join(''));
}

/** The first process of a sandbox keeps its output open, so both ends mean that nothing of it lives. */
async function whenClosed(
  child: ChildProcess,
  output: Output,
): Promise<{ exitCode: number | null; signal: string | null }> {
  const ends = output.map(({ reader }) => new Promise((resolve) => reader.once('close', resolve)));
  const end = await new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', () => {
      for (const { reader } of output) reader.destroy();
      resolve({ exitCode: null, signal: null });
    });
  });
  await Promise.all(ends);
  return end;
}

type Output = [stdout: OutputPipe, stderr: OutputPipe];

async function takeOutput(
  { pipes, serverUid }: BubblewrapLauncherDeps,
  location: WorkspaceLocation,
): Promise<Output> {
  const { uid, gid } = serverUid === 0 ? location : { uid: serverUid, gid: 0 };
  const stdout = await pipes.take(uid, gid);
  try {
    return [stdout, await pipes.take(uid, gid)];
  } catch (error) {
    stdout.release();
    throw error;
  }
}

function launched(
  child: ChildProcess,
  [stdout, stderr]: Output,
  closed: LaunchedProcess['closed'],
): LaunchedProcess {
  const { stdin, pid } = child;
  stdin?.on('error', () => {});
  // The monitor's only child is the first process inside: its group is the command's, its end is everyone's.
  const inside = (): number | undefined => (pid === undefined ? undefined : childrenOf(pid)[0]);
  return {
    stdin,
    stdout: stdout.reader,
    stderr: stderr.reader,
    closed,
    terminate() {
      const first = inside();
      if (first !== undefined) signalQuietly(-first, 'SIGTERM');
      else if (pid !== undefined && isRunning(child)) signalQuietly(pid, 'SIGKILL');
    },
    kill() {
      const first = inside();
      if (first !== undefined) signalQuietly(first, 'SIGKILL');
      else if (pid !== undefined && isRunning(child)) signalQuietly(pid, 'SIGKILL');
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
