import type { IncomingMessage, Server } from 'node:http';
import type { OpenTerminalDeps } from '#domain/terminal/index.ts';
import { createClientAddress } from '#http/kit/client-address.ts';
import { createGateway, mountGateway } from '#ws/gateway/index.ts';
import type { CloseStack } from '../../close-stack.ts';
import type { Platform } from '../platform/platform.ts';
import { allowedOrigins, promptLimitsOf } from './api.ts';

/** Serves `/ws` on servers that listen. Closing drains the sockets first. */
export function serveSockets(
  { platform, terminals, stack }: { platform: Platform; terminals: OpenTerminalDeps; stack: CloseStack },
  servers: readonly Server[],
): void {
  const { config, eventLog, log, ...rest } = platform;
  const gateway = createGateway({
    ...rest,
    log: eventLog,
    logger: log,
    allowedOrigins: allowedOrigins(config),
    promptLimits: promptLimitsOf(config),
    terminals,
  });
  const addressOf = createClientAddress(config.server.trusted_proxies);
  const clientAddress = (request: IncomingMessage) =>
    addressOf(request.socket.remoteAddress, request.headers['x-forwarded-for']?.toString());
  const mounts = servers.map((server) =>
    mountGateway({ server, gateway, clock: platform.clock, logger: log, clientAddress }),
  );
  stack.push('gateway', async () => {
    await gateway.drain();
    for (const mounted of mounts) mounted.close();
    await gateway.close();
  });
}
