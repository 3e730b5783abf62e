import type { Config } from '#config/load.ts';
import type { LocalWorkspaceProvider, SandboxFacts } from '#infra/sandbox/local/index.ts';
import { silentLog } from '#shared/log.ts';
import { isLoopback } from '../compose/platform/secrets.ts';
import { diskSpace } from '../compose/services/disk.ts';
import { checkSandboxServers, usesSandboxServers } from '../compose/services/remote-workspaces.ts';
import { createLocal, DELEGATION, UNLIMITED_IN_SUM } from '../compose/services/workspaces.ts';
import { broken, type Check, lacking, well } from './check.ts';
import { describe } from './service-checks.ts';

/** Sandbox servers where some are configured, else what runs commands on this machine. */
export async function checkSandbox(config: Config): Promise<Check[]> {
  try {
    return usesSandboxServers(config) ? await checkServers(config) : await checkLocal(config);
  } catch (error) {
    return [broken('sandbox', describe(error))];
  }
}

async function checkServers(config: Config): Promise<Check[]> {
  const reports = await checkSandboxServers(config, silentLog);
  return reports.map(({ url, ok, problem }) =>
    ok
      ? well('sandbox server', `${url} answers`)
      : broken('sandbox server', `${url}: ${problem ?? 'does not answer'}`),
  );
}

async function checkLocal(config: Config): Promise<Check[]> {
  const isHost = config.sandbox.driver === 'host';
  const provider = createLocal(config, isHost ? 'host' : 'bubblewrap', silentLog);
  try {
    const facts = await provider.facts();
    const own = isHost ? [checkHost(config)] : await checkBubblewrap(config, provider, facts);
    return [...own, await checkDisk(config), checkRipgrep(facts)];
  } finally {
    await provider.close();
  }
}

function checkHost({ sandbox, server }: Config): Check {
  if (isLoopback(server.host) || sandbox.allow_host) {
    return lacking('sandbox', 'driver host: commands run without isolation; install bubblewrap');
  }
  return broken(
    'sandbox',
    `driver host gives every user a shell on this machine, which listens on ${server.host}: install bubblewrap`,
  );
}

async function checkBubblewrap(
  config: Config,
  provider: LocalWorkspaceProvider,
  facts: SandboxFacts,
): Promise<Check[]> {
  const { ok, problems } = await provider.selfTest();
  if (!ok) return problems.map((problem) => broken('sandbox', problem));
  const users = facts.separateUsers ? 'a user for each project' : 'user namespaces';
  return [
    well('sandbox', `bubblewrap ${facts.bubblewrapVersion}, ${users}, system call filter, tested`),
    checkNetwork(config),
    checkSums(facts),
  ];
}

function checkNetwork({ sandbox: { network } }: Config): Check {
  const name = 'sandbox network';
  switch (network.mode) {
    case 'none':
      return well(name, 'none: commands reach nothing (sandbox.network.mode)');
    case 'allowlist':
      return well(
        name,
        `allowlist: ${network.allow.length} entries by way of a proxy (sandbox.network.allow)`,
      );
    case 'open':
      return well(name, 'open: commands reach the internet, nothing private and nothing of this machine');
    case 'host':
      return lacking(
        name,
        'host: commands reach all that listens on this machine; sandbox.network.mode: open reaches the internet only',
      );
  }
}

function checkSums({ controllers }: SandboxFacts): Check {
  const missing = ['memory', 'pids'].filter((controller) => !controllers.includes(controller));
  if (missing.length === 0) {
    return well('control groups', 'memory and processes of a workspace are limited in sum');
  }
  const held = controllers.length > 0 ? `only ${controllers.join(', ')} is limited in sum` : UNLIMITED_IN_SUM;
  return lacking('control groups', `${held}: ${DELEGATION}`);
}

async function checkDisk(config: Config): Promise<Check> {
  const { freeMb, isLow } = await diskSpace(config);
  const { disk_free_mb: floor, workspace_mb, workspace_files } = config.sandbox.limits;
  if (isLow) {
    return broken(
      'disk',
      `${freeMb} MiB free, and below ${floor} nothing may grow: make room, or set sandbox.limits.disk_free_mb`,
    );
  }
  const measured = `a project may hold ${workspace_mb} MiB and ${workspace_files} files, measured`;
  return well('disk', `${freeMb} MiB free; ${measured}`);
}

function checkRipgrep({ ripgrep }: SandboxFacts): Check {
  return ripgrep
    ? well('ripgrep', 'searches use it')
    : broken('ripgrep', 'not installed, and searches need it: apt install ripgrep');
}
