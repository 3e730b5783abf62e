import type { IncomingMessage, Server } from 'node:http';
import { isDomainError } from '#domain/errors.ts';
import { mountUpgrade, type Upgraded } from '#http/kit/upgrade/upgrade.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { RawSocket } from '../socket/outlet.ts';
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
        open: (upgraded) => admission.open(toRawSocket(upgraded)),
        cancel: admission.cancel,
      };
    },
  });
}

function toRawSocket({ socket, stream }: Upgraded): RawSocket {
  return {
    // Straight to the network: ws would frame the same bytes again for each socket. Without compression it
    // keeps no queue of its own, so whole messages of both never mix.
    send(message) {
      if (socket.readyState === socket.OPEN) stream.write(message);
    },
    buffered: () => socket.bufferedAmount,
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    onDrain: (listener) => stream.on('drain', listener),
  };
}
