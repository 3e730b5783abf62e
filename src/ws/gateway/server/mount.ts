import type { IncomingMessage, Server } from 'node:http';
import { isDomainError } from '#domain/errors.ts';
import { mountUpgrade } from '#http/kit/upgrade/upgrade.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { createRawSocket } from '../socket/raw-socket.ts';
import type { Gateway } from './gateway.ts';
import { readHandshake } from './handshake.ts';

const CLOSE_TIMEOUT_MS = 5_000;

export interface GatewayMountDeps {
  server: Server;
  gateway: Gateway;
  clock: Clock;
  logger: Log;
  /** The client's network address, behind trusted proxies as well. */
  clientAddress: (request: IncomingMessage) => string;
  path?: string;
}

/** Serves the gateway's sockets on an HTTP server. `close` ends what has not ended with the gateway. */
export function mountGateway(deps: GatewayMountDeps): { close(): void } {
  const { server, gateway, clock, logger, clientAddress, path = '/ws' } = deps;
  return mountUpgrade({
    server,
    path,
    clock,
    log: logger,
    maxPayloadBytes: gateway.limits.maxPayloadBytes,
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    addressOf: clientAddress,
    subprotocolOf: (request) => readHandshake(request).protocol,
    settingOf: (error) => (isDomainError(error, 'forbidden') ? 'server.cors_origins' : null),
    async admit(request) {
      const admission = await gateway.admit(readHandshake(request), clientAddress(request));
      return {
        open: (upgraded) => admission.open(createRawSocket(upgraded)),
        cancel: admission.cancel,
      };
    },
  });
}
