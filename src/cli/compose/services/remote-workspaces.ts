import { configError, FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import type { PlacementRepository, WorkspaceProvider } from '#domain/workspace/index.ts';
import { createRemoteWorkspaceProvider, type RemoteWorkspaceProvider } from '#infra/sandbox/remote/index.ts';
import type { Log } from '#shared/log.ts';
import type { CloseStack } from '../../close-stack.ts';
import { openSandboxToken } from '../platform/sandbox-token.ts';

export interface RemoteWorkspacesDeps {
  config: Config;
  log: Log;
  stack: CloseStack;
  placement: PlacementRepository;
}

/** Whether workspaces are on sandbox servers instead of this machine. Throws `FatalError` for half a configuration. */
export function usesSandboxServers({ sandbox }: Config): boolean {
  const hasServers = addressesOf(sandbox.base_url).length > 0;
  if (sandbox.driver === 'remote' && !hasServers) {
    throw configError('sandbox.driver remote needs sandbox.base_url: the addresses of sandbox servers');
  }
  return sandbox.driver === 'remote' || (sandbox.driver === 'auto' && hasServers);
}

/**
 * Workspaces on the configured sandbox servers. One that is out of reach is a warning, because it may come; one that
 * refuses the token, or runs commands without isolation, stops the start.
 */
export async function openRemoteWorkspaces(deps: RemoteWorkspacesDeps): Promise<WorkspaceProvider> {
  const { config, log, stack, placement } = deps;
  const provider = createRemote(config, placement, log);
  stack.push('workspaces', () => provider.close());
  for (const { url, ok, refused, problem } of await provider.checkHosts()) {
    if (refused) throw new FatalError(`the sandbox server ${url} cannot be used: ${problem}`);
    if (!ok) log.warn({ host: url, problem }, 'sandbox server is out of reach');
  }
  return provider;
}

/** One report for each configured sandbox server. */
export async function checkSandboxServers(
  config: Config,
  log: Log,
): ReturnType<RemoteWorkspaceProvider['checkHosts']> {
  const provider = createRemote(config, NO_PLACEMENT, log);
  try {
    return await provider.checkHosts();
  } finally {
    await provider.close();
  }
}

/** For a provider that is asked about its hosts only. */
const NO_PLACEMENT: PlacementRepository = {
  get: async () => null,
  put: async (_projectId, host) => host,
  remove: async () => {},
};

function createRemote(config: Config, placement: PlacementRepository, log: Log): RemoteWorkspaceProvider {
  const urls = addressesOf(config.sandbox.base_url).map(toUrl);
  const token = openSandboxToken(
    config,
    urls.map((url) => url.hostname.replace(/^\[|\]$/g, '')),
  );
  return createRemoteWorkspaceProvider({
    hosts: urls.map((url) => url.href),
    token,
    placement,
    allowUnisolated: config.sandbox.allow_host,
    log,
  });
}

function addressesOf(baseUrl: string | readonly string[]): readonly string[] {
  return typeof baseUrl === 'string' ? [baseUrl].filter((url) => url !== '') : baseUrl;
}

function toUrl(address: string): URL {
  const url = new URL(address);
  if (!['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw configError('sandbox.base_url: must be http:// or https:// addresses without credentials');
  }
  return url;
}
