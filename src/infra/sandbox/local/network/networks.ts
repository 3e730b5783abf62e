import type { Socket } from 'node:net';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';
import type { NetworkNamespace } from './namespace.ts';
import { createVisitor, type Visitor } from './visitor.ts';

/** A network that nothing uses is kept this long. */
const LINGER_MS = 60_000;

export interface NetworkLease {
  /** Arguments of nsenter(1) that lead into the project's network. */
  enter: readonly string[];
  release(): void;
}

/** One network for each project: all that runs in it shares a loopback, on which no other project is. */
export interface Networks {
  acquire(location: WorkspaceLocation): Promise<NetworkLease>;
  /** Connects to a port of the project's loopback. Rejects with `not_found` where nothing listens. */
  connect(location: WorkspaceLocation, port: number): Promise<Socket>;
  forget(location: WorkspaceLocation): Promise<void>;
  close(): Promise<void>;
}

export interface NetworksDeps {
  nsenterPath: string;
  nodePath: string;
  openNamespace(location: WorkspaceLocation): Promise<NetworkNamespace>;
  /** Adds ways out to a network that was just made; returns how to close them. */
  furnish(visitor: Visitor, location: WorkspaceLocation): Promise<() => void>;
}

interface Opened {
  namespace: NetworkNamespace;
  visitor: Visitor;
  /** Connections into it that are still open. */
  sockets: Set<Socket>;
  close(): void;
}

interface Network {
  opened: Promise<Opened>;
  users: number;
  linger: NodeJS.Timeout | null;
}

export function createNetworks(deps: NetworksDeps): Networks {
  const networks = new Map<string, Network>();

  function open(location: WorkspaceLocation): Network {
    const network: Network = { opened: openNetwork(deps, location), users: 0, linger: null };
    networks.set(location.projectId, network);
    // One that lost its way out is made anew for whoever comes next.
    const replace = (): void => void drop(location.projectId, network);
    network.opened.then(
      ({ namespace }) => void namespace.ended?.then(replace),
      () => {},
    );
    return network;
  }

  async function drop(projectId: string, network: Network): Promise<void> {
    if (network.linger !== null) clearTimeout(network.linger);
    if (networks.get(projectId) === network) networks.delete(projectId);
    (await network.opened.catch(() => null))?.close();
  }

  function release(projectId: string, network: Network): void {
    network.users -= 1;
    if (network.users > 0 || networks.get(projectId) !== network) return;
    network.linger = setTimeout(() => void drop(projectId, network), LINGER_MS);
    network.linger.unref();
  }

  async function use(projectId: string, network: Network): Promise<{ opened: Opened; release(): void }> {
    if (network.linger !== null) clearTimeout(network.linger);
    network.linger = null;
    network.users += 1;
    try {
      const opened = await network.opened;
      let released = false;
      return {
        opened,
        release() {
          if (!released) release(projectId, network);
          released = true;
        },
      };
    } catch (error) {
      await drop(projectId, network);
      throw error;
    }
  }

  return {
    async acquire(location) {
      const { projectId } = location;
      const network = networks.get(projectId) ?? open(location);
      const { opened, release } = await use(projectId, network);
      return { enter: opened.namespace.enter, release };
    },
    async connect({ projectId }, port) {
      const network = networks.get(projectId);
      if (network === undefined) {
        throw new WorkspaceError('not_found', `Nothing answers on port ${port} of the project.`);
      }
      const { opened, release } = await use(projectId, network);
      try {
        const socket = await opened.visitor.dial(port);
        // It may break before whoever asked listens.
        socket.on('error', () => {});
        opened.sockets.add(socket);
        socket.once('close', () => {
          opened.sockets.delete(socket);
          release();
        });
        return socket;
      } catch (error) {
        release();
        throw error;
      }
    },
    async forget({ projectId }) {
      const network = networks.get(projectId);
      if (network !== undefined) await drop(projectId, network);
    },
    async close() {
      await Promise.all([...networks].map(([projectId, network]) => drop(projectId, network)));
    },
  };
}

async function openNetwork(deps: NetworksDeps, location: WorkspaceLocation): Promise<Opened> {
  const namespace = await deps.openNamespace(location);
  const visitor = createVisitor({ ...deps, enter: namespace.enter });
  const sockets = new Set<Socket>();
  try {
    const closeFurniture = await deps.furnish(visitor, location);
    return {
      namespace,
      visitor,
      sockets,
      close() {
        for (const socket of sockets) socket.destroy();
        closeFurniture();
        visitor.close();
        namespace.close();
      },
    };
  } catch (error) {
    visitor.close();
    namespace.close();
    throw error;
  }
}
