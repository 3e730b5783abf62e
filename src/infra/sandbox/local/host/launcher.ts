import { type ChildProcess, spawn } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { LaunchedProcess, ProcessLauncher, SandboxLimits } from '../driver.ts';
import { dialHost } from '../network/dial-host.ts';
import { signalQuietly, started } from '../process/child.ts';
import { baseEnvironment, mergeEnvironment } from '../process/environment.ts';
import type { DescriptorShield } from '../process/inherited-descriptors.ts';
import { limitsOf, resourceLimitArguments } from '../process/resource-limits.ts';

/** How long output is awaited that a process outside the group keeps open. */
const DRAIN_MS = 500;

export interface HostLauncherDeps {
  limits: SandboxLimits;
  /** Null where prlimit(1) is missing: then commands run without limits of their own. */
  prlimitPath: string | null;
  shield: DescriptorShield;
}

/** Runs commands as the server's user, without isolation; each in a process group of its own. */
export function createHostLauncher({ limits, prlimitPath, shield }: HostLauncherDeps): ProcessLauncher {
  const { username } = userInfo();
  return {
    environment: (extra) => mergeEnvironment(baseEnvironment(homedir(), username), extra),
    async launch(location, request) {
      // No limit on processes: it would count everything that this user runs.
      const argv =
        prlimitPath === null
          ? request.argv
          : [prlimitPath, ...resourceLimitArguments(limitsOf(limits, request), null), '--', ...request.argv];
      const [program = '', ...args] = argv;
      const child = spawn(program, args, {
        stdio: shield.cover([request.stdin, 'pipe', 'pipe']),
        env: { ...request.env },
        cwd: join(location.directory, request.cwd),
        detached: true,
      });
      const closed = whenClosed(child);
      await started(child);
      return launched(child, closed);
    },
    connect: (_location, port) => dialHost(port),
    async forget() {},
    async close() {
      shield.close();
    },
  };
}

/** With the leader's end the rest of its group is killed: nothing outlives its command. */
function whenClosed(child: ChildProcess): LaunchedProcess['closed'] {
  return new Promise((resolve) => {
    let drain: NodeJS.Timeout | undefined;
    child.once('exit', () => {
      if (child.pid !== undefined) signalQuietly(-child.pid, 'SIGKILL');
      drain = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, DRAIN_MS);
    });
    child.once('close', (exitCode, signal) => {
      clearTimeout(drain);
      resolve({ exitCode, signal });
    });
    child.once('error', () => resolve({ exitCode: null, signal: null }));
  });
}

function launched(child: ChildProcess, closed: LaunchedProcess['closed']): LaunchedProcess {
  const { pid } = child;
  child.stdin?.on('error', () => {});
  const send = (signal: NodeJS.Signals): void => {
    if (pid !== undefined && child.exitCode === null && child.signalCode === null)
      signalQuietly(-pid, signal);
  };
  return {
    stdin: child.stdin,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    closed,
    terminate: () => send('SIGTERM'),
    kill: () => send('SIGKILL'),
  };
}
