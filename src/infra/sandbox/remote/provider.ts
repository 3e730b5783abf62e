import { LRUCache } from 'lru-cache';
import { type PlacementRepository, WorkspaceError, type WorkspaceProvider } from '#domain/workspace/index.ts';
import { isId } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { HostCreated } from '../wire/host-wire.ts';
import { HostRefusal } from './failures.ts';
import { createSandboxHost, type SandboxHost } from './host.ts';
import { byLoad } from './placing.ts';
import { createRemoteWorkspace, Done, projectPath } from './remote-workspace.ts';

type Created = Awaited<ReturnType<WorkspaceProvider['create']>>;

const CONNECT_TIMEOUT_MS = 2_000;
/** A placement never changes as long as the project lives. */
const MAX_REMEMBERED_PLACEMENTS = 10_000;

export interface RemoteWorkspaceProviderDeps {
  /** Addresses of sandbox servers, such as `http://10.0.0.5:8888`. A project stays on the one it was placed on. */
  hosts: readonly string[];
  token: string;
  placement: PlacementRepository;
  /** Accepts hosts that run commands without isolation; then every command asks. */
  allowUnisolated: boolean;
  log: Log;
  connectTimeoutMs?: number;
}

export interface HostReport {
  url: string;
  ok: boolean;
  /** It answers, but cannot be used as both sides are configured. */
  refused: boolean;
  problem: string | null;
}

export interface RemoteWorkspaceProvider extends WorkspaceProvider {
  readonly driver: 'remote';
  /** Connects to every host as commands do, which checks token and isolation too. Never throws. */
  checkHosts(): Promise<HostReport[]>;
}

/** Workspaces on sandbox servers. A host that is gone makes operations fail at once; it may come back at any time. */
export function createRemoteWorkspaceProvider(deps: RemoteWorkspaceProviderDeps): RemoteWorkspaceProvider {
  const { placement, token, allowUnisolated, log } = deps;
  const connectTimeoutMs = deps.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const urls = [...new Set(deps.hosts.map(normalise))];
  const hosts = new Map<string, SandboxHost>(
    urls.map((url) => [url, createSandboxHost({ url, token, connectTimeoutMs, allowUnisolated, log })]),
  );
  const remembered = new LRUCache<string, string>({ max: MAX_REMEMBERED_PLACEMENTS });
  let closing: Promise<unknown> | null = null;

  function hostAt(url: string): SandboxHost {
    const host = hosts.get(url);
    if (host !== undefined) return host;
    log.error({ host: url }, 'a project is placed on a sandbox host that is not configured');
    throw new WorkspaceError('unavailable', 'The sandbox host of this project is not configured.');
  }

  async function hostOf(projectId: string): Promise<SandboxHost | null> {
    if (!isId(projectId)) throw new WorkspaceError('refused', 'The project id is not valid.');
    const url = remembered.get(projectId) ?? (await placement.get(projectId));
    if (url === null) return null;
    remembered.set(projectId, url);
    return hostAt(url);
  }

  async function createOn(host: SandboxHost, projectId: string, root: string | null): Promise<Created> {
    const request = { method: 'PUT', path: projectPath(projectId, root), readOnly: false } as const;
    const created = await host.json(request, HostCreated);
    return { root: created.root ?? root };
  }

  /** Tries the hosts from the least loaded on. Only a host that does not answer leads to the next. */
  async function place(projectId: string, root: string | null): Promise<Created> {
    let failure: unknown = new WorkspaceError('unavailable', 'No sandbox host answers; try again later.');
    for (const candidate of await byLoad([...hosts.values()])) {
      const winner = await placement.put(projectId, candidate.url);
      try {
        const created = await createOn(hostAt(winner), projectId, root);
        remembered.set(projectId, winner);
        return created;
      } catch (error) {
        failure = error;
        if (winner !== candidate.url) break;
        await placement.remove(projectId);
        if (!(error instanceof WorkspaceError && error.code === 'unavailable')) break;
      }
    }
    throw failure;
  }

  return {
    driver: 'remote',
    get isolated() {
      return !allowUnisolated || [...hosts.values()].every((host) => host.isIsolated());
    },
    async create(projectId, root) {
      const host = await hostOf(projectId);
      return host === null ? place(projectId, root) : createOn(host, projectId, root);
    },
    async open(projectId, root) {
      const host = await hostOf(projectId);
      if (host === null) throw new WorkspaceError('not_found', 'The workspace does not exist.');
      const request = { method: 'GET', path: projectPath(projectId, root), readOnly: true } as const;
      await host.json(request, Done).catch((error: unknown) => {
        // The host may be back by the time something is done with the workspace.
        if (!(error instanceof WorkspaceError && error.code === 'unavailable')) throw error;
      });
      return createRemoteWorkspace(host, projectId, root);
    },
    async destroy(projectId, root) {
      const host = await hostOf(projectId);
      if (host === null) return;
      await host.json({ method: 'DELETE', path: projectPath(projectId, root), readOnly: false }, Done);
      remembered.delete(projectId);
      await placement.remove(projectId);
    },
    checkHosts: () => Promise.all([...hosts.values()].map(report)),
    async close() {
      closing ??= Promise.all([...hosts.values()].map((host) => host.close()));
      await closing;
    },
  };
}

async function report(host: SandboxHost): Promise<HostReport> {
  try {
    await host.channel();
    return { url: host.url, ok: true, refused: false, problem: null };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { url: host.url, ok: false, refused: error instanceof HostRefusal, problem };
  }
}

function normalise(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}
