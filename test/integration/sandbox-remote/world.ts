import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlacementRepository } from '#domain/workspace/index.ts';
import { startHttpServer } from '#http/kit/listen.ts';
import { createActivity, createSandboxApp, createTokenCheck, mountChannel } from '#sandbox/index.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import {
  createWorkspaceProvider,
  type LocalWorkspaceProvider,
} from '../../../src/infra/sandbox/local/index.ts';
import {
  createRemoteWorkspaceProvider,
  type RemoteWorkspaceProvider,
} from '../../../src/infra/sandbox/remote/index.ts';
import { hasBubblewrap, LIMITS, makeListedDirectory } from '../sandbox/drivers.ts';
import type { ContractSubject } from '../sandbox/workspace-contract.ts';

export const TOKEN = 'a-token-of-the-tests-with-enough-bytes';

export interface TestSandboxServer {
  url: string;
  port: number;
  dataDir: string;
  local: LocalWorkspaceProvider;
  /** As a host that goes away: what it ran is killed, its connections are cut. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  dataDir: string;
  port?: number;
  driver?: 'bubblewrap' | 'host';
  workspaceRoots?: string[];
}

/** A sandbox server in this process on loopback. */
export async function startSandboxServer(options: ServerOptions): Promise<TestSandboxServer> {
  await mkdir(options.dataDir, { recursive: true });
  const local = createWorkspaceProvider({
    driver: options.driver ?? (hasBubblewrap ? 'bubblewrap' : 'host'),
    dataDir: options.dataDir,
    workspaceRoots: options.workspaceRoots ?? [],
    limits: LIMITS,
    network: { mode: 'none' },
    timeoutMs: 60_000,
    log: silentLog,
  });
  const deps = {
    provider: local,
    activity: createActivity(systemClock),
    isAuthorized: createTokenCheck(TOKEN),
    draining: () => false,
    log: silentLog,
  };
  const http = await startHttpServer({
    app: createSandboxApp(deps),
    host: '127.0.0.1',
    port: options.port ?? 0,
    drainTimeoutMs: 0,
  });
  const channel = mountChannel({ ...deps, clock: systemClock, server: http.server });
  return {
    url: `http://127.0.0.1:${http.port}`,
    port: http.port,
    dataDir: options.dataDir,
    local,
    async stop() {
      channel.close();
      await local.close();
      await http.close();
    },
  };
}

/** What the database does, in memory. */
export function createMemoryPlacements(): PlacementRepository & { all(): Map<string, string> } {
  const places = new Map<string, string>();
  return {
    all: () => places,
    get: async (projectId) => places.get(projectId) ?? null,
    async put(projectId, host) {
      if (!places.has(projectId)) places.set(projectId, host);
      return places.get(projectId) ?? host;
    },
    async remove(projectId) {
      places.delete(projectId);
    },
  };
}

export function connectTo(
  hosts: string[],
  more: Partial<Parameters<typeof createRemoteWorkspaceProvider>[0]> = {},
): RemoteWorkspaceProvider {
  return createRemoteWorkspaceProvider({
    hosts,
    token: TOKEN,
    placement: createMemoryPlacements(),
    allowUnisolated: !hasBubblewrap,
    log: silentLog,
    ...more,
  });
}

export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'crush-remote-'));
}

/** A server of its own and a provider that uses it, with one open workspace. */
export async function openRemoteWorkspace(
  options: { driver?: 'host'; listedRoot?: boolean } = {},
): Promise<ContractSubject & { server: TestSandboxServer }> {
  const base = await temporaryDirectory();
  const roots = join(base, 'roots');
  const root = options.listedRoot ? join(roots, 'project') : null;
  if (root !== null) await makeListedDirectory(root);
  const dataDir = join(base, 'data');
  const server = await startSandboxServer({ dataDir, driver: options.driver, workspaceRoots: [roots] });
  const provider = connectTo([server.url], { allowUnisolated: options.driver === 'host' || !hasBubblewrap });
  const projectId = newId();
  await provider.create(projectId, root);
  return {
    server,
    provider,
    workspace: await provider.open(projectId, root),
    projectId,
    root,
    directory: root ?? join(dataDir, 'workspaces', projectId),
    dataDir,
    async close() {
      await provider.close();
      await server.stop();
      await rm(base, { recursive: true, force: true });
    },
  };
}
