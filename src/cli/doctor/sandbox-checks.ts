import type { Config } from '#config/load.ts';
import type { LocalWorkspaceProvider, SandboxFacts } from '#infra/sandbox/local/index.ts';
import { silentLog } from '#shared/log.ts';
import { isLoopback } from '../compose/platform/secrets.ts';
import { checkSandboxServers, usesSandboxServers } from '../compose/services/remote-workspaces.ts';
import { createLocal } from '../compose/services/workspaces.ts';
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
    return [...own, checkRipgrep(facts)];
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
    well('sandbox network', networkOf(config)),
    checkSums(facts),
  ];
}

function networkOf({ sandbox: { network } }: Config): string {
  if (network.mode === 'none') return 'none: commands reach nothing (sandbox.network.mode)';
  if (network.mode === 'open') return 'open: commands reach what this machine reaches (sandbox.network.mode)';
  return `allowlist: ${network.allow.length} targets by way of a proxy (sandbox.network.allow)`;
}

function checkSums({ controllers }: SandboxFacts): Check {
  const missing = ['memory', 'pids'].filter((controller) => !controllers.includes(controller));
  if (missing.length === 0) {
    return well('control groups', 'memory and processes of a workspace are limited in sum');
  }
  const held =
    controllers.length > 0
      ? `only ${controllers.join(', ')} is limited in sum`
      : 'limits hold for each process alone';
  return lacking(
    'control groups',
    `${held}: give the server a writable control group with ${missing.join(' and ')} (systemd: Delegate=yes)`,
  );
}

function checkRipgrep({ ripgrep }: SandboxFacts): Check {
  return ripgrep
    ? well('ripgrep', 'searches use it')
    : broken('ripgrep', 'not installed, and searches need it: apt install ripgrep');
}
