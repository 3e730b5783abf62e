import { BlockList, isIP } from 'node:net';

export type ClientAddress = (peer: string | undefined, forwardedFor: string | undefined) => string;

/**
 * X-Forwarded-For is read from its right end for as long as the one who added an entry is a trusted proxy;
 * anything further left is the client's own claim.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = proxyList(trustedProxies);
  return (peer, forwardedFor) => {
    let address = normalise(peer ?? '');
    if (forwardedFor === undefined || trustedProxies.length === 0) return address;
    for (const entry of forwardedFor.split(',').reverse()) {
      if (!contains(trusted, address)) break;
      const next = normalise(entry.trim());
      if (isIP(next) === 0) break;
      address = next;
    }
    return address;
  };
}

function proxyList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) throw new Error(`server.trusted_proxies: ${entry} is not an address or network`);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** IPv4 in IPv6 notation becomes IPv4. */
function normalise(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}
