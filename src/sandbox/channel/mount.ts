import type { IncomingMessage, Server } from 'node:http';
import { DomainError } from '#domain/errors.ts';
import { mountUpgrade, type SocketEvents, type Upgraded } from '#http/kit/upgrade/upgrade.ts';
import {
  CHANNEL_PATH,
  CHANNEL_PING_INTERVAL_MS,
  CHANNEL_SILENCE_MS,
  MAX_CHANNEL_MESSAGE_BYTES,
} from '#infra/sandbox/wire/channel-wire.ts';
import type { Clock } from '#shared/clock.ts';
import type { SandboxDeps } from '../deps.ts';
import { tokenRequired } from '../edge.ts';
import { createChannelSession } from './session.ts';

const MAX_CHANNELS = 256;
const GOING_AWAY = 1001;
const CLOSE_TIMEOUT_MS = 2_000;

export interface ChannelMountDeps extends SandboxDeps {
  server: Server;
  clock: Clock;
}

/** Serves the channel on an HTTP server. `close` ends all channels, and with them what they run. Idempotent. */
export function mountChannel(deps: ChannelMountDeps): { close(): void } {
  let channels = 0;

  function admit(request: IncomingMessage) {
    if (!deps.isAuthorized(request.headers.authorization)) {
      throw tokenRequired();
    }
    // Only pages send one, and no page has a token.
    if (request.headers.origin !== undefined) {
      throw new DomainError('forbidden', 'Browsers cannot use a sandbox host');
    }
    if (deps.draining()) throw new DomainError('draining', 'This sandbox host is shutting down');
    if (channels >= MAX_CHANNELS) throw new DomainError('overloaded', 'Too many channels are open');
    channels += 1;
    const leave = (): void => {
      channels -= 1;
    };
    return { cancel: leave, open: (upgraded: Upgraded) => openChannel(deps, upgraded, leave) };
  }

  const mounted = mountUpgrade({
    server: deps.server,
    path: CHANNEL_PATH,
    clock: deps.clock,
    log: deps.log,
    maxPayloadBytes: MAX_CHANNEL_MESSAGE_BYTES,
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    addressOf: ({ socket }) => socket.remoteAddress ?? '',
    admit,
  });
  return { close: () => mounted.close({ code: GOING_AWAY, reason: 'the sandbox host shuts down' }) };
}

function openChannel(deps: SandboxDeps, { socket }: Upgraded, onClosed: () => void): SocketEvents {
  const { provider, activity, log } = deps;
  const session = createChannelSession({
    provider,
    activity,
    log,
    socket: {
      send: (data) => socket.send(data),
      buffered: () => socket.bufferedAmount,
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
    },
  });
  let heardAt = performance.now();
  const heard = (): void => {
    heardAt = performance.now();
  };
  const heartbeat = setInterval(() => {
    if (performance.now() - heardAt > CHANNEL_SILENCE_MS) socket.terminate();
    else socket.ping();
  }, CHANNEL_PING_INTERVAL_MS);
  return {
    onAlive: heard,
    onText(data) {
      heard();
      session.onText(data.toString('utf8'));
    },
    onBinary(data) {
      heard();
      session.onBinary(data);
    },
    onClose() {
      clearInterval(heartbeat);
      onClosed();
      session.onClose();
    },
  };
}
