import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { SandboxNetwork } from '../driver.ts';
import type { SystemLayout } from './arguments.ts';

const TOP_LEVEL = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Name service, certificates, alternatives and the loader's cache; nothing that names users or secrets. */
const ETC = [
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/etc/ssl/certs',
];

/** What of this host every sandbox sees read-only: `/usr`, its links, and the operator's extra directories. */
export function findSystemLayout(
  extraDirectories: readonly string[],
  network: SandboxNetwork['mode'],
): SystemLayout {
  const links: { path: string; target: string }[] = [];
  const directories = ['/usr'];
  for (const path of TOP_LEVEL) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) links.push({ path, target: readlinkSync(path) });
    else if (stat?.isDirectory()) directories.push(path);
  }
  directories.push(...extraDirectories.filter((path) => existsSync(path)));
  const etc = [...ETC, ...(network === 'host' ? ['/etc/resolv.conf'] : [])].filter((path) =>
    existsSync(path),
  );
  return { links, directories, etc };
}
