import { closeSync, existsSync } from 'node:fs';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { CommandGroups } from '../cgroup/command-groups.ts';
import type { LaunchRequest, ProcessLauncher, SandboxLimits, WorkspaceLocation } from '../driver.ts';
import { openWorkspaceDirectory } from '../files/workspace-directory.ts';
import { dialHost } from '../network/dial-host.ts';
import type { NetworkLease, Networks } from '../network/networks.ts';
import { type Channels, openChannels } from '../process/channels.ts';
import { baseEnvironment, mergeEnvironment } from '../process/environment.ts';
import type { OutputPipes } from '../process/output-pipes.ts';
import { limitsOf } from '../process/resource-limits.ts';
import { DIRECTORY_FD, FILTER_FD, LOCK_FD, RECORDS_FD, REPORT_FD } from '../starter/program.ts';
import type { Starter } from '../starter/starter.ts';
import type { Starters } from '../starter/starters.ts';
import {
  SANDBOX_HOME,
  type SandboxIdentity,
  type SandboxPlan,
  type SystemLayout,
  sandboxCommand,
  sandboxOptions,
} from './arguments.ts';
import { sandboxProcess } from './sandbox-process.ts';
import type { ScratchDirectories } from './scratch-directories.ts';
import type { WorkspaceLocks } from './workspace-lock.ts';

/** The user inside when it is the server's own under another name. */
const NAMESPACE_ID = 1000;

export interface BubblewrapLauncherDeps {
  bwrapPath: string;
  system: SystemLayout;
  limits: SandboxLimits;
  /** Null: commands have the host's network. */
  networks: Networks | null;
  nsenterPath: string;
  /** What commands see besides: the way out, if there is one, and where toolchains are. */
  addedEnvironment: Readonly<Record<string, string>>;
  scratch: ScratchDirectories;
  serverUid: number;
  starters: Starters;
  locks: WorkspaceLocks;
  groups: CommandGroups;
  pipes: OutputPipes;
  etcDirectoryFor(uid: number, gid: number): string;
}

export function createBubblewrapLauncher(deps: BubblewrapLauncherDeps): ProcessLauncher {
  function planFor(
    location: WorkspaceLocation,
    identity: SandboxIdentity,
    request: LaunchRequest,
  ): SandboxPlan {
    return {
      identity,
      system: deps.system,
      workspaceFd: DIRECTORY_FD,
      etcDirectory: deps.etcDirectoryFor(identity.uid, identity.gid),
      scratch: request.fenced ? location : null,
      // Searches have no use for one.
      network: request.fenced ? 'inherited' : 'none',
      limits: limitsOf(deps.limits, request),
      env: request.env,
      cwd: request.cwd,
      seccompFd: FILTER_FD,
      reportFd: REPORT_FD,
      lockFd: request.fenced ? LOCK_FD : null,
      argv: request.argv,
    };
  }

  /** What a command holds while it runs. */
  async function hold(location: WorkspaceLocation, request: LaunchRequest): Promise<Held> {
    const releases: (() => void)[] = [];
    const release = (): void => {
      for (const give of releases.splice(0)) give();
    };
    try {
      const lock = request.fenced ? await deps.locks.acquire(location.projectId) : null;
      if (lock !== null) releases.push(lock.release);
      if (request.fenced) await deps.scratch.prepare(location);
      const lease = request.fenced ? await deps.networks?.acquire(location) : null;
      if (lease) releases.push(lease.release);
      const channels = await openChannels(deps.pipes, channelsFor(deps, location, request));
      releases.push(channels.release);
      const starter = lock?.starter ?? (await deps.starters.plain());
      return { starter, lease: lease ?? null, channels, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  return {
    environment: (extra) =>
      mergeEnvironment({ ...baseEnvironment(SANDBOX_HOME, 'u'), ...deps.addedEnvironment }, extra),
    async connect(location, port) {
      return deps.networks === null ? dialHost(port) : deps.networks.connect(location, port);
    },
    async launch(location, request) {
      // A program further up the command line would hide that this one is missing.
      if (!existsSync(deps.bwrapPath))
        throw new WorkspaceError('unavailable', 'bubblewrap is not installed.');
      const identity = identityFor(location, deps.serverUid);
      const held = await hold(location, request);
      let directory: number | null = null;
      try {
        const { starter, lease, channels } = held;
        const plan = planFor(location, identity, request);
        directory = openWorkspaceDirectory(location);
        const monitor = await starter.start({
          argv: commandLine(deps, plan, lease),
          records: sandboxOptions(plan),
          // A search is a single program, for which its own limits are enough.
          groups: request.fenced ? deps.groups.entrances(location) : [],
          stdin: channels.stdin?.readFd ?? null,
          stdout: channels.stdout.writeFd,
          stderr: channels.stderr.writeFd,
          directory,
          report: channels.report.writeFd,
        });
        channels.handOver();
        const launched = sandboxProcess(channels, { monitor, parent: starter.pid });
        return { ...launched, closed: launched.closed.finally(held.release) };
      } catch (error) {
        held.release();
        throw error;
      } finally {
        if (directory !== null) closeSync(directory);
      }
    },
    async forget(location) {
      await deps.networks?.forget(location);
      await deps.groups.remove(location);
      await deps.scratch.remove(location);
      deps.locks.forget(location.projectId);
      // Elsewhere it is the server's own.
      if (deps.serverUid === 0) deps.pipes.forget(location.uid);
    },
    async close() {
      await deps.networks?.close();
      deps.locks.close();
      deps.starters.close();
      deps.pipes.close();
      await deps.groups.close();
      await deps.scratch.close();
    },
  };
}

function identityFor(location: WorkspaceLocation, serverUid: number): SandboxIdentity {
  if (serverUid !== 0) return { kind: 'namespace', uid: NAMESPACE_ID, gid: NAMESPACE_ID };
  if (location.uid === 0 || location.gid === 0) {
    throw new WorkspaceError('refused', 'No command runs as root, and this workspace belongs to root.');
  }
  return { kind: 'user', uid: location.uid, gid: location.gid };
}

interface Held {
  starter: Starter;
  lease: NetworkLease | null;
  channels: Channels;
  release(): void;
}

function channelsFor(
  { serverUid }: BubblewrapLauncherDeps,
  { uid, gid }: WorkspaceLocation,
  { stdin }: LaunchRequest,
): Parameters<typeof openChannels>[1] {
  const server = { uid: serverUid, gid: process.getegid?.() ?? 0 };
  return { owner: serverUid === 0 ? { uid, gid } : server, server, stdin };
}

/** nsenter leads into the workspace's network and replaces itself by bwrap. */
function commandLine(
  { bwrapPath, nsenterPath }: BubblewrapLauncherDeps,
  plan: SandboxPlan,
  lease: NetworkLease | null,
): [string, ...string[]] {
  const sandbox = [bwrapPath, '--args', String(RECORDS_FD), '--', ...sandboxCommand(plan)] as const;
  return lease === null ? [...sandbox] : [nsenterPath, ...lease.enter, '--', ...sandbox];
}
