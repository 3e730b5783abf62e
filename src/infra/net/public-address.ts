import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * What of IPv4 is not the public internet: IANA's special-purpose registry, multicast and the future, and one address
 * that is a metadata and DNS endpoint inside its cloud.
 */
export const RESERVED_IPV4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/** All that is given out for the public internet by IPv6; what is not in it is none, mapped addresses too. */
export const GLOBAL_IPV6 = '2000::/3';

/** What of it is not: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112, segment routing. */
export const RESERVED_IPV6: readonly string[] = [
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
];

const reserved = blockListOf([...RESERVED_IPV4, ...RESERVED_IPV6]);
const globalIpv6 = blockListOf([GLOBAL_IPV6]);

/** True only for addresses of the public internet, in the one spelling that the system itself would give. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !reserved.check(address, 'ipv4');
  if (!isIPv6(address) || address.includes('%')) return false;
  return globalIpv6.check(address, 'ipv6') && !reserved.check(address, 'ipv6');
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** The URL names an address, no host name, and the address is not public. */
export function hasPrivateAddress(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && !isPublicAddress(host);
}

/** Why a tenant's URL must not be called, or null. Host names are checked again when they are dialled. */
export function refusalOf(url: URL): string | null {
  if (url.protocol !== 'https:') return 'The base URL must begin with https://.';
  if (url.username || url.password) return 'The base URL must not contain credentials.';
  if (hasPrivateAddress(url)) return 'The base URL points to an address that is not public.';
  return null;
}
