import { configError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import { PROFILE_PORTS } from './profile.ts';

export type PortKey = 'http_port' | 'ws_port' | 'sandbox_port';
const PORT_KEYS: readonly PortKey[] = ['http_port', 'ws_port', 'sandbox_port'];

/** For ports of one process. Throws `FatalError` that names the two keys. */
export function refuseSharedPorts({ server }: Config, keys: readonly PortKey[]): void {
  for (const [index, key] of keys.entries()) {
    const twin = keys.slice(0, index).find((other) => server[other] === server[key] && server[key] !== 0);
    if (twin) {
      throw configError(
        `server.${twin} and server.${key} are both ${server[key]}: give each a port of its own`,
      );
    }
  }
}

/** What else the configuration has on the port of this key: a hint when another program listens there. */
export function othersOnPort({ server, profile }: Config, key: PortKey): string[] {
  const port = server[key];
  const keys = PORT_KEYS.filter((other) => other !== key && server[other] === port).map(
    (other) => `server.${other}`,
  );
  return profile && new Set<number>(Object.values(PROFILE_PORTS)).has(port) ? [...keys, 'profile'] : keys;
}
