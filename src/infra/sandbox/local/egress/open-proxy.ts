import type { Server } from 'node:net';
import type { Log } from '#shared/log.ts';
import type { AddressGuard } from '../../../net/address-guard.ts';
import type { Allowlist } from './allowlist.ts';
import { createDial } from './dial.ts';
import { createEgressProxy, type EgressProxy } from './proxy.ts';

/** Where the proxy listens on the loopback of each project, whose ports are its own. */
export const PROXY_PORT = 3128;

const MAX_CONNECTIONS = 256;

export interface OpenProxyDeps {
  allowlist: Allowlist;
  guard: AddressGuard;
  log: Log;
}

/** Serves what connects to a socket that listens inside. Closing ends the socket too. */
export function openProxy(
  server: Server,
  { allowlist, guard, log }: OpenProxyDeps,
): Pick<EgressProxy, 'close'> {
  const proxy = createEgressProxy({ allowlist, dial: createDial(guard), log });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => proxy.serve(socket));
  server.on('error', () => {});
  return {
    close() {
      server.close();
      proxy.close();
    },
  };
}

/** What tells programs of the proxy. */
export function proxyEnvironment(): Record<string, string> {
  const proxy = `http://127.0.0.1:${PROXY_PORT}`;
  const near = 'localhost,127.0.0.1,::1';
  const names: Record<string, string> = {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    ALL_PROXY: proxy,
    NO_PROXY: near,
  };
  const lower = Object.entries(names).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { ...names, ...Object.fromEntries(lower), NODE_USE_ENV_PROXY: '1' };
}
