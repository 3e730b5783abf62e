import ipaddr from 'ipaddr.js';

/** Public by its range, yet a metadata and DNS endpoint inside its cloud. */
const CLOUD_INTERNAL = new Set(['168.63.129.16']);

/**
 * True only for addresses of the public internet. Everything that the registries reserve is refused:
 * private, loopback, link-local, shared, multicast, NAT64, 6to4, mapped, documentation, …
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && !CLOUD_INTERNAL.has(parsed.toString());
}

/** The URL names an address, no host name, and the address is not public. */
export function hasPrivateAddress(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) && !isPublicAddress(host);
}

/** Why a tenant's URL must not be called, or null. Host names are checked again when they are dialled. */
export function refusalOf(url: URL): string | null {
  if (url.protocol !== 'https:') return 'The base URL must begin with https://.';
  if (url.username || url.password) return 'The base URL must not contain credentials.';
  if (hasPrivateAddress(url)) return 'The base URL points to an address that is not public.';
  return null;
}
