import { isIP } from 'node:net';

/** Where a command wants to connect to, in the one form in which it is compared, resolved and dialled. */
export interface Target {
  /** Lower case, ASCII, no trailing dot; an IPv6 address without brackets. */
  host: string;
  port: number;
}

export type ParsedTarget = { ok: true; target: Target } | { ok: false; reason: string };

const MAX_HOST_LENGTH = 253;
const MAX_PORT = 65_535;
/** One name, IPv4 address or bracketed IPv6 address, and a port. */
const AUTHORITY = /^(\[[^[\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/;
/** What no host name holds, whatever a parser behind this one makes of it: controls, blanks, escapes, delimiters. */
const FORBIDDEN = /[\p{Cc}\p{Cf}\s%@\\/?#<>^|"'`{}*]/u;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** `host:port` as a client sends it. Nothing after this sees the text again. */
export function parseTarget(authority: string, defaultPort: number | null): ParsedTarget {
  const [, name, digits] = AUTHORITY.exec(authority) ?? [];
  if (name === undefined) return refused('the target is not host:port');
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === null) return refused('the target names no port');
  if (port < 1 || port > MAX_PORT) return refused('the port is not valid');
  const host = normalizeHost(name);
  return host === null ? refused('the host name is not valid') : { ok: true, target: { host, port } };
}

/** Null for what is neither a host name nor an address. */
export function normalizeHost(name: string): string | null {
  if (name === '' || name.length > MAX_HOST_LENGTH + 2 || FORBIDDEN.test(name)) return null;
  const url = `http://${name}/`;
  if (!URL.canParse(url)) return null;
  const host = new URL(url).hostname.replace(/\.$/, '');
  if (host.startsWith('[')) return host.slice(1, -1);
  if (isIP(host) !== 0) return host;
  const isName = host.length <= MAX_HOST_LENGTH && host.split('.').every((label) => LABEL.test(label));
  return isName ? host : null;
}

export function formatTarget({ host, port }: Target): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function refused(reason: string): ParsedTarget {
  return { ok: false, reason };
}
