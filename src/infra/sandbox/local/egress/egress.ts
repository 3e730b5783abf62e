import type { Log } from '#shared/log.ts';
import type { AddressGuard } from '../../../net/address-guard.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { type Allowlist, createAllowlist } from './allowlist.ts';
import { createDial } from './dial.ts';
import { type NetworkNamespace, openNetworkNamespace, PROXY_PORT } from './network-namespace.ts';
import { createEgressProxy, type EgressProxy } from './proxy.ts';

/** A network that no command uses is kept this long. */
const LINGER_MS = 60_000;
const MAX_CONNECTIONS = 256;

export interface EgressDeps {
  guard: AddressGuard;
  allow: readonly string[];
  bwrapPath: string;
  serverUid: number;
  log: Log;
}

export interface EgressLease {
  /** Arguments of nsenter(1) that lead into the workspace's network. */
  enter: readonly string[];
  release(): void;
}

/** Networks of workspaces: each has a loopback of its own, on which a proxy leads to the listed targets. */
export interface Egress {
  acquire(location: WorkspaceLocation): Promise<EgressLease>;
  forget(location: WorkspaceLocation): Promise<void>;
  close(): Promise<void>;
}

interface Network {
  opened: Promise<{ namespace: NetworkNamespace; proxy: EgressProxy }>;
  users: number;
  linger: NodeJS.Timeout | null;
}

export function createEgress(deps: EgressDeps): Egress {
  const allowlist = createAllowlist(deps.allow);
  const networks = new Map<string, Network>();

  async function drop(directory: string, network: Network): Promise<void> {
    if (network.linger !== null) clearTimeout(network.linger);
    if (networks.get(directory) === network) networks.delete(directory);
    const opened = await network.opened.catch(() => null);
    opened?.proxy.close();
    opened?.namespace.close();
  }

  function release(directory: string, network: Network): void {
    network.users -= 1;
    if (network.users > 0 || networks.get(directory) !== network) return;
    network.linger = setTimeout(() => void drop(directory, network), LINGER_MS);
    network.linger.unref();
  }

  return {
    async acquire({ directory, projectId }) {
      const network = networks.get(directory) ?? {
        opened: openNetwork(deps, allowlist, projectId),
        users: 0,
        linger: null,
      };
      networks.set(directory, network);
      if (network.linger !== null) clearTimeout(network.linger);
      network.linger = null;
      network.users += 1;
      try {
        const { namespace } = await network.opened;
        return { enter: namespace.enter, release: () => release(directory, network) };
      } catch (error) {
        await drop(directory, network);
        throw error;
      }
    },
    async forget({ directory }) {
      const network = networks.get(directory);
      if (network !== undefined) await drop(directory, network);
    },
    async close() {
      await Promise.all([...networks].map(([directory, network]) => drop(directory, network)));
    },
  };
}

async function openNetwork(deps: EgressDeps, allowlist: Allowlist, projectId: string) {
  const namespace = await openNetworkNamespace({
    bwrapPath: deps.bwrapPath,
    nodePath: process.execPath,
    isRoot: deps.serverUid === 0,
  });
  const log = deps.log.child({ projectId });
  const proxy = createEgressProxy({ allowlist, dial: createDial(deps.guard), log });
  namespace.server.maxConnections = MAX_CONNECTIONS;
  namespace.server.on('connection', (socket) => proxy.serve(socket));
  namespace.server.on('error', () => {});
  return { namespace, proxy };
}

/** What tells programs of the proxy. */
export function egressEnvironment(): Record<string, string> {
  const proxy = `http://127.0.0.1:${PROXY_PORT}`;
  const near = 'localhost,127.0.0.1,::1';
  const names: Record<string, string> = {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    ALL_PROXY: proxy,
    NO_PROXY: near,
  };
  const lower = Object.entries(names).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { ...names, ...Object.fromEntries(lower), NODE_USE_ENV_PROXY: '1' };
}
