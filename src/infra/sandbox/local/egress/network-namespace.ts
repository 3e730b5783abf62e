import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Server } from 'node:net';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { within } from '#shared/async/within.ts';
import { childrenOf } from '../process/child.ts';

/** Where the proxy listens on the loopback of each sandbox, whose ports are its own. */
export const PROXY_PORT = 3128;

const START_TIMEOUT_MS = 10_000;

/** Runs in the new namespace just long enough to listen and to hand over the socket, which stays where it was made. */
const LISTEN = `const server = require('node:net').createServer();
process.on('disconnect', () => process.exit());
server.listen({ host: '127.0.0.1', port: ${PROXY_PORT}, backlog: 128 }, () => process.send('listening', server));`;

export interface NetworkNamespace {
  /** Accepts connections that are made inside. */
  server: Server;
  /** Arguments of nsenter(1) that lead into it. */
  enter: readonly string[];
  close(): void;
}

export interface NetworkNamespaceDeps {
  bwrapPath: string;
  nodePath: string;
  /** Only root makes a network namespace without a user namespace around it. */
  isRoot: boolean;
}

/**
 * A network namespace with nothing but a loopback interface, and this process listening there. No process keeps it:
 * it lasts as long as the descriptors that are held here, and the sandboxes inside.
 */
export async function openNetworkNamespace(deps: NetworkNamespaceDeps): Promise<NetworkNamespace> {
  const user = deps.isRoot ? [] : ['--unshare-user'];
  const child = spawn(
    deps.bwrapPath,
    [...user, ...['--unshare-net', '--die-with-parent', '--dev-bind', '/', '/', '--', deps.nodePath]].concat(
      '-e',
      LISTEN,
    ),
    { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {}, cwd: '/' },
  );
  const fds: number[] = [];
  const closeFds = (): void => {
    for (const fd of fds.splice(0)) closeSync(fd);
  };
  try {
    const server = await receiveServer(child);
    const enter = (deps.isRoot ? ['net'] : ['user', 'net']).map((kind) => {
      const fd = openSync(`/proc/${insideOf(child)}/ns/${kind}`, 'r');
      fds.push(fd);
      return `--${kind}=/proc/${process.pid}/fd/${fd}`;
    });
    if (!deps.isRoot) enter.push('--preserve-credentials');
    return {
      server,
      enter,
      close() {
        server.close();
        closeFds();
      },
    };
  } catch (cause) {
    closeFds();
    throw new WorkspaceError('unavailable', 'The network of the sandbox could not be made.', { cause });
  } finally {
    if (child.connected) child.disconnect();
    child.kill('SIGKILL');
  }
}

/** bwrap waits for its child, which is inside. */
function insideOf({ pid = 0 }: ChildProcess): number {
  return childrenOf(pid)[0] ?? pid;
}

function receiveServer(child: ChildProcess): Promise<Server> {
  const received = new Promise<Server>((resolve, reject) => {
    child.once('message', (_message, handle) => {
      if (handle instanceof Server) resolve(handle);
      else reject(new Error('no socket'));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  return within(received, START_TIMEOUT_MS, () => {
    throw new Error('no answer');
  });
}
