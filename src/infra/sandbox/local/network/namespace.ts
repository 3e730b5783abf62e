import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { within } from '#shared/async/within.ts';
import { childrenOf } from '../process/child.ts';

const START_TIMEOUT_MS = 10_000;

/** Says that the namespace is there and stays until its input ends, as it does with this process. */
const HOLD = 'echo; read -r _';

export interface NetworkNamespace {
  /** Arguments of nsenter(1) that lead into it. */
  enter: readonly string[];
  /** When something that it cannot do without has ended. */
  ended?: Promise<void>;
  close(): void;
}

export interface NetworkNamespaceDeps {
  bwrapPath: string;
  /** Only root makes a network namespace without a user namespace around it. */
  isRoot: boolean;
}

/**
 * A network namespace with nothing but a loopback interface, which is up. No process keeps it: it lasts as long as
 * the descriptors that are held here, and whatever runs inside.
 */
export async function openNetworkNamespace(deps: NetworkNamespaceDeps): Promise<NetworkNamespace> {
  const user = deps.isRoot ? [] : ['--unshare-user'];
  const options = [...user, '--unshare-net', '--die-with-parent', '--dev-bind', '/', '/', '--'];
  const child = spawn(deps.bwrapPath, [...options, '/bin/sh', '-c', HOLD], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
    cwd: '/',
  });
  try {
    await whenReady(child);
    return holdNamespace(child, deps.isRoot);
  } catch (cause) {
    throw new WorkspaceError('unavailable', 'The network of the sandbox could not be made.', { cause });
  } finally {
    child.kill('SIGKILL');
  }
}

/** Opens the namespaces that a descendant of a process has made, so that they outlast it. Root enters by itself. */
export function holdNamespace({ pid = 0 }: ChildProcess, isRoot: boolean): NetworkNamespace {
  const own = networkOf('self');
  const inside = descendants(pid).find((one) => ![null, own].includes(networkOf(one)));
  if (inside === undefined) throw new Error('nothing is inside');
  const fds: number[] = [];
  const close = (): void => {
    for (const fd of fds.splice(0)) closeSync(fd);
  };
  try {
    const enter = (isRoot ? ['net'] : ['user', 'net']).map((kind) => {
      const fd = openSync(`/proc/${inside}/ns/${kind}`, 'r');
      fds.push(fd);
      return `--${kind}=/proc/${process.pid}/fd/${fd}`;
    });
    if (!isRoot) enter.push('--preserve-credentials');
    return { enter, close };
  } catch (error) {
    close();
    throw error;
  }
}

function descendants(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(descendants)];
}

function networkOf(pid: number | 'self'): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

/** Rejects when it ends before it has said something. */
export async function whenReady(child: ChildProcess): Promise<void> {
  child.stdin?.on('error', () => {});
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`ended with ${code}`);
  });
  const said = child.stdout === null ? ended : once(child.stdout, 'data');
  await within(Promise.race([said, ended]), START_TIMEOUT_MS, () => {
    throw new Error('no answer');
  });
}
