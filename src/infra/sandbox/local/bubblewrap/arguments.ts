import type { SandboxLimits } from '../driver.ts';
import { resourceLimitArguments } from '../process/resource-limits.ts';

/** Who runs inside: the server's own user under a new name, or, with a server run by root, another user. */
export type SandboxIdentity =
  | { kind: 'namespace'; uid: number; gid: number }
  | { kind: 'user'; uid: number; gid: number };

/** What the host offers to every sandbox; found once. */
export interface SystemLayout {
  /** `/bin` and its like where they are links into `/usr`. */
  links: readonly { path: string; target: string }[];
  /** Directories to show read-only at their own place. */
  directories: readonly string[];
  /** Parts of the host's `/etc` to show. */
  etc: readonly string[];
}

export interface SandboxPlan {
  identity: SandboxIdentity;
  system: SystemLayout;
  /** Open on the workspace's directory. */
  workspaceFd: number;
  /** A directory that becomes `/etc`. */
  etcDirectory: string;
  /** The project's home and /tmp on the host; null gives the command empty ones. */
  scratch: { home: string; tmp: string } | null;
  /** `inherited` is that of the process that starts bwrap: the host's, or the project's. */
  network: 'none' | 'inherited';
  limits: SandboxLimits;
  env: Readonly<Record<string, string>>;
  /** Below the workspace, `''` for itself. */
  cwd: string;
  seccompFd: number;
  /** Where bwrap reports how it goes. */
  reportFd: number;
  /** Held open by the sandbox as long as anything in it runs. */
  lockFd: number | null;
  argv: readonly string[];
}

export const SANDBOX_HOME = '/home/u';

const MEBIBYTE = 1024 * 1024;
const TMP_BYTES = 64 * MEBIBYTE;
const HOME_BYTES = 64 * MEBIBYTE;
const SHARED_MEMORY_BYTES = 64 * MEBIBYTE;

/** What bwrap reads from `--args`: everything but the command. */
export function sandboxOptions(plan: SandboxPlan): string[] {
  return [
    ...namespaceOptions(plan),
    '--die-with-parent',
    '--new-session',
    '--clearenv',
    ...Object.entries(plan.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...systemOptions(plan),
    ...scratchOptions(plan),
    // By descriptor: bwrap does not go on when another directory was mounted.
    '--bind-fd',
    String(plan.workspaceFd),
    '/workspace',
    '--remount-ro',
    '/',
    '--chdir',
    plan.cwd === '' ? '/workspace' : `/workspace/${plan.cwd}`,
    '--seccomp',
    String(plan.seccompFd),
    '--json-status-fd',
    String(plan.reportFd),
    ...(plan.lockFd === null ? [] : ['--sync-fd', String(plan.lockFd)]),
  ];
}

/** The command line behind `bwrap --args N --`; each program replaces itself by the next. */
export function sandboxCommand(plan: SandboxPlan): string[] {
  const { identity, limits } = plan;
  const drop =
    identity.kind === 'user'
      ? [
          '/usr/bin/setpriv',
          `--reuid=${identity.uid}`,
          `--regid=${identity.gid}`,
          '--clear-groups',
          '--inh-caps=-all',
          '--',
        ]
      : [];
  return [
    ...drop,
    '/usr/bin/prlimit',
    ...resourceLimitArguments(limits, limits.processes),
    '--',
    ...plan.argv,
  ];
}

function namespaceOptions(plan: SandboxPlan): string[] {
  const { identity } = plan;
  const separate = ['--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'];
  const network = plan.network === 'none' ? ['--unshare-net'] : [];
  const host = ['--hostname', 'sandbox', '--cap-drop', 'ALL'];
  if (identity.kind === 'namespace') {
    const user = ['--unshare-user', '--disable-userns'];
    const map = ['--uid', String(identity.uid), '--gid', String(identity.gid)];
    return [...separate, ...network, ...user, ...map, ...host];
  }
  // To enter the workspace and to become its owner; setpriv gives all of them up on its way to the command.
  const kept = ['CAP_DAC_READ_SEARCH', 'CAP_SETUID', 'CAP_SETGID'].flatMap((name) => ['--cap-add', name]);
  return [...separate, ...network, ...host, ...kept];
}

function systemOptions({ system, etcDirectory }: SandboxPlan): string[] {
  return [
    // What bwrap makes on its way by itself is closed to other users.
    ...parentsOf(system.directories).flatMap((path) => ['--perms', '0755', '--dir', path]),
    ...system.directories.flatMap((path) => ['--ro-bind', path, path]),
    ...system.links.flatMap(({ path, target }) => ['--symlink', target, path]),
    '--ro-bind',
    etcDirectory,
    '/etc',
    ...system.etc.flatMap((path) => ['--ro-bind-try', path, path]),
    '--proc',
    '/proc',
    // Or a sandbox of root's could write what /proc/sys lets root write.
    '--remount-ro',
    '/proc',
    '--dev',
    '/dev',
  ];
}

/** What is not the project's own is memory of a limited size. */
function scratchOptions({ scratch }: SandboxPlan): string[] {
  const places =
    scratch === null
      ? [...memory('/tmp', TMP_BYTES), ...memory(SANDBOX_HOME, HOME_BYTES)]
      : [
          '--perms',
          '0755',
          '--dir',
          '/home',
          '--bind',
          scratch.home,
          SANDBOX_HOME,
          '--bind',
          scratch.tmp,
          '/tmp',
        ];
  return [...memory('/dev/shm', SHARED_MEMORY_BYTES), '--remount-ro', '/dev', ...places];
}

function memory(path: string, bytes: number): string[] {
  return ['--perms', '1777', '--size', String(bytes), '--tmpfs', path];
}

/** Directories above these, the upper ones first. */
function parentsOf(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1))
      found.add(path.slice(0, end));
  }
  return [...found];
}
