import { spawn } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { filterRules, RESOLVER, SANDBOX_ADDRESS, SANDBOX_GATEWAY } from './filter-rules.ts';
import { holdNamespace, type NetworkNamespace, whenReady } from './namespace.ts';

/** Runs in the new namespace as its root: nothing else does before the filter is in place. */
const FURNISH = 'nft "$1" && echo && read -r _';

export interface NatNamespaceDeps {
  bwrapPath: string;
  pastaPath: string;
  setprivPath: string;
  /** Who owns the namespace, so that pasta may be in it; null: the server's own user. Never who runs commands. */
  owner: number | null;
  /** Networks that are not reached, of both families. */
  refused: readonly string[];
}

/**
 * A network namespace with a way to the internet: pasta(1), a process of an ordinary user, turns what leaves it into
 * connections of its own. A packet filter inside, which commands have no right to change, lets nothing out to the
 * host's own addresses nor to what is refused; routes alone would not do, since a socket bound to an interface
 * passes them by.
 */
export async function openNatNamespace(deps: NatNamespaceDeps): Promise<NetworkNamespace> {
  const rules = filterRules({ refused: deps.refused, own: ownAddresses() });
  const [program = '', ...args] = [...becoming(deps), ...confined(deps.bwrapPath), ...pasta(deps.pastaPath)];
  const child = spawn(program, [...args, '--', '/bin/sh', '-c', FURNISH, 'sh', rules], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  try {
    await whenReady(child);
    const held = holdNamespace(child, deps.owner !== null);
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    return {
      enter: held.enter,
      ended,
      close() {
        child.kill('SIGKILL');
        held.close();
      },
    };
  } catch (cause) {
    child.kill('SIGKILL');
    const reason = said.replaceAll(/^(Failed to send .*)?\n/gm, '').trim();
    throw new WorkspaceError('unavailable', `The network of the sandbox could not be made: ${reason}`, {
      cause,
    });
  }
}

/** Root becomes somebody for whom pasta works, and whom no project is. */
function becoming({ owner, setprivPath }: NatNamespaceDeps): string[] {
  return owner === null
    ? []
    : [setprivPath, `--reuid=${owner}`, `--regid=${owner}`, '--clear-groups', '--inh-caps=-all', '--'];
}

/** With its own process namespace all of it ends with bwrap, and bwrap with this process, however that ends. */
function confined(bwrapPath: string): string[] {
  const namespaces = [
    '--unshare-user',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--die-with-parent',
  ];
  return [
    bwrapPath,
    ...namespaces,
    '--ro-bind',
    '/',
    '/',
    '--dev-bind',
    '/dev',
    '/dev',
    '--proc',
    '/proc',
    '--',
  ];
}

function pasta(pastaPath: string): string[] {
  const noPorts = ['-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none'];
  const address = ['--address', SANDBOX_ADDRESS, '--netmask', '24', '--gateway', SANDBOX_GATEWAY];
  const quiet = ['--foreground', '--stderr', '--quiet', '--no-dhcp', '--no-dhcpv6', '--no-ra'];
  return [
    pastaPath,
    ...quiet,
    '--config-net',
    '--no-map-gw',
    ...noPorts,
    ...address,
    '--dns-forward',
    RESOLVER,
  ];
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
}
