import type { Log } from '#shared/log.ts';
import { HostHealth } from '../wire/host-wire.ts';
import { createAvailability } from './availability.ts';
import { type Channel, connectChannel } from './channel/channel.ts';
import { createHostHttp, type HostHttp } from './host-http.ts';

export interface SandboxHostDeps {
  url: string;
  token: string;
  connectTimeoutMs: number;
  allowUnisolated: boolean;
  log: Log;
}

/** One sandbox server, with its connections. */
export interface SandboxHost {
  readonly url: string;
  /** As of the last connection; false before the first. */
  isIsolated(): boolean;
  /** Asks how it is now. Throws when it does not answer. */
  health(): Promise<HostHealth>;
  json: HostHttp['json'];
  file: HostHttp['file'];
  /** The warm channel, or a new one. Throws `unavailable`. */
  channel(): Promise<Channel>;
  close(): Promise<void>;
}

export function createSandboxHost(deps: SandboxHostDeps): SandboxHost {
  const { token, connectTimeoutMs, allowUnisolated, log } = deps;
  const url = new URL(deps.url);
  const http = createHostHttp({
    url,
    token,
    connectTimeoutMs,
    onFailure: (cause) => availability.failed(cause),
  });
  const ask = () =>
    http.json(
      { method: 'GET', path: '/health', readOnly: true, signal: AbortSignal.timeout(connectTimeoutMs) },
      HostHealth,
    );
  const availability = createAvailability({ url: deps.url, ask, log });
  let channel: Promise<Channel> | null = null;
  let isolated = false;

  function connect(): Promise<Channel> {
    const connecting = connectChannel({
      url,
      token,
      connectTimeoutMs,
      allowUnisolated,
      onClosed(expected) {
        if (channel === connecting) channel = null;
        if (!expected) availability.failed('the channel was closed');
      },
    });
    connecting.then(
      (opened) => {
        isolated = opened.isolated;
      },
      (error: unknown) => {
        if (channel === connecting) channel = null;
        availability.failed(error);
      },
    );
    return connecting;
  }

  return {
    url: deps.url,
    isIsolated: () => isolated,
    health: availability.check,
    async json(request, schema) {
      availability.use();
      return http.json(request, schema);
    },
    async file(request) {
      availability.use();
      return http.file(request);
    },
    async channel() {
      availability.use();
      channel ??= connect();
      return channel;
    },
    async close() {
      availability.close();
      const open = await channel?.catch(() => null);
      await Promise.all([open?.close(), http.close()]);
    },
  };
}
