import { lookup } from 'node:dns';
import { configError, EXIT, FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import { type PlacementRepository, WorkspaceError, type WorkspaceProvider } from '#domain/workspace/index.ts';
import { createAddressGuard } from '#infra/net/address-guard.ts';
import { isPublicAddress, RESERVED_IPV4, RESERVED_IPV6 } from '#infra/net/public-address.ts';
import {
  createWorkspaceProvider,
  type LocalWorkspaceProvider,
  type SandboxNetwork,
} from '#infra/sandbox/local/index.ts';
import type { Log } from '#shared/log.ts';
import type { CloseStack } from '../../close-stack.ts';
import { isLoopback } from '../platform/secrets.ts';
import { checkedMounts } from './mounts.ts';
import { openRemoteWorkspaces, usesSandboxServers } from './remote-workspaces.ts';

export interface WorkspacesDeps {
  config: Config;
  log: Log;
  stack: CloseStack;
}

/** On sandbox servers where the configuration names some, else on this machine. Throws `FatalError`. */
export async function openWorkspaces(
  deps: WorkspacesDeps & { placement?: PlacementRepository },
): Promise<WorkspaceProvider> {
  const { placement, ...local } = deps;
  if (!usesSandboxServers(deps.config)) return openLocalWorkspaces(local);
  if (placement === undefined)
    throw configError('sandbox.base_url: this command runs without sandbox servers');
  return openRemoteWorkspaces({ ...local, placement });
}

/**
 * The driver of this machine, tested: a driver that cannot run commands stops the start. `auto` is bubblewrap; only
 * where bubblewrap is not installed and nobody but this machine can connect, commands run on the host.
 */
export async function openLocalWorkspaces(deps: WorkspacesDeps): Promise<WorkspaceProvider> {
  const { config, log, stack } = deps;
  const { driver } = config.sandbox;
  const isAutomatic = driver === 'auto' || driver === 'remote';
  if (driver === 'host') return openHost(deps);
  const provider = createLocal(config, 'bubblewrap', log);
  const { ok, problems } = await provider.selfTest();
  if (ok) {
    stack.push('workspaces', () => provider.close());
    requireSearches(provider, deps);
    if (!provider.controllers.includes('memory')) log.warn({}, `${UNLIMITED_IN_SUM}: ${DELEGATION}`);
    if (config.sandbox.network.mode === 'host') {
      log.warn(
        {},
        "commands have this machine's own network and reach all that listens on it (sandbox.network.mode: host)",
      );
    }
    return provider;
  }
  await provider.close();
  const missing = problems.some((problem) => problem.startsWith('bubblewrap is not installed'));
  if (isAutomatic && missing && isLoopback(config.server.host)) return openHost(deps);
  throw new FatalError(
    `the sandbox does not work: ${problems.join('; ')} (sandbox.driver: host runs commands without isolation)`,
  );
}

async function openHost({ config, log, stack }: WorkspacesDeps): Promise<WorkspaceProvider> {
  const { server, sandbox } = config;
  if (!isLoopback(server.host) && !sandbox.allow_host) {
    throw configError(
      `sandbox.driver host gives every user a shell on this machine, and the server listens beyond loopback (server.host ${server.host}): install bubblewrap, or set sandbox.allow_host: true`,
    );
  }
  const provider = createLocal(config, 'host', log);
  const { ok, problems } = await provider.selfTest();
  if (!ok) throw new FatalError(`commands cannot run: ${problems.join('; ')}`);
  stack.push('workspaces', () => provider.close());
  requireSearches(provider, { config, log });
  log.warn({}, 'commands run on this host without isolation, and every one asks: install bubblewrap');
  return provider;
}

export const UNLIMITED_IN_SUM =
  'sandbox.limits.memory_mb and processes hold for each process alone, not for all of a project';
/** What gives a server that is not root a control group of its own. */
export const DELEGATION =
  'start the server with one that it may write (systemd unit: Delegate=yes; by hand: systemd-run --user --scope -p Delegate=yes crush …)';

/** Whoever tries it out on one machine may do without; other people's agents may not. */
function requireSearches(
  { canSearch }: LocalWorkspaceProvider,
  { config, log }: Pick<WorkspacesDeps, 'config' | 'log'>,
): void {
  if (canSearch) return;
  if (!isLoopback(config.server.host)) {
    throw new FatalError('ripgrep is not installed, and searches need it: apt install ripgrep');
  }
  log.warn({}, 'ripgrep is not installed, so agents cannot search: apt install ripgrep');
}

export function createLocal(config: Config, driver: 'bubblewrap' | 'host', log: Log): LocalWorkspaceProvider {
  const { limits, timeout } = config.sandbox;
  const [readOnlyPaths, network] = [
    checkedMounts({ paths: config.sandbox.mounts, dataDir: config.data_dir }),
    networkOf(config),
  ];
  try {
    return createWorkspaceProvider({
      driver,
      dataDir: config.data_dir,
      workspaceRoots: workspaceRootsOf(config),
      readOnlyPaths,
      limits: {
        memoryMb: limits.memory_mb,
        processes: limits.processes,
        fileMb: limits.file_mb,
        outputKb: limits.output_kb,
        workspaceMb: limits.workspace_mb,
        workspaceFiles: limits.workspace_files,
        diskFreeMb: limits.disk_free_mb,
      },
      network,
      timeoutMs: timeout * 1000,
      log,
    });
  } catch (error) {
    if (error instanceof WorkspaceError) throw configError(error.message);
    throw new FatalError(`cannot use the data directory ${config.data_dir}: ${String(error)}`, EXIT.failure, {
      cause: error,
    });
  }
}

/** Directories that projects may be placed in besides the default. */
export function workspaceRootsOf({ sandbox, cwd }: Config): string[] {
  return cwd ? [...sandbox.workspace_roots, cwd] : [...sandbox.workspace_roots];
}

function networkOf({ sandbox }: Config): SandboxNetwork {
  const { mode, allow } = sandbox.network;
  if (mode === 'allowlist') {
    return { mode, allow, guard: createAddressGuard({ resolve: lookup, isPublicAddress }) };
  }
  if (mode === 'open') return { mode, refused: [...RESERVED_IPV4, ...RESERVED_IPV6] };
  if (mode === 'host' && !sandbox.allow_host) {
    throw configError(
      'sandbox.network.mode: host lets every command reach what listens on this machine, databases too: set sandbox.allow_host: true as well, or use open, which reaches the internet only',
    );
  }
  return { mode };
}
