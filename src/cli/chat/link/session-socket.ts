import type { ReceivedFrame } from '#client/conversation-state.ts';
import { ConnectionError, createSocketClient, type SocketClient } from '#client/socket-client.ts';
import { EXIT, FatalError } from '#config/errors.ts';
import { systemClock } from '#shared/clock.ts';
import { revealLine } from '../terminal/sanitize.ts';
import type { ApiClient } from './api-client.ts';
import { dialServer } from './dial.ts';

export interface SessionSocketDeps {
  api: Pick<ApiClient, 'token' | 'renewToken'>;
  url: URL;
  sessionId: string;
  cursor(): string;
  onAttaching(): void;
  onFrame(frame: ReceivedFrame): void;
  onNotice(text: string): void;
}

/** A session's socket for the terminal: what ends it is a `FatalError`. */
export function createSessionSocket(deps: SessionSocketDeps): SocketClient {
  const { api, url } = deps;
  const client = createSocketClient({
    url,
    sessionId: deps.sessionId,
    dial: dialServer,
    clock: systemClock,
    token: () => api.token(),
    async renewToken(signal) {
      try {
        await api.renewToken(signal);
        return 'renewed';
      } catch (error) {
        if (error instanceof FatalError) return 'unreachable';
        throw error;
      }
    },
    cursor: deps.cursor,
    onAttaching: deps.onAttaching,
    onFrame: deps.onFrame,
    onConnection: (state) =>
      deps.onNotice(state === 'lost' ? 'connection lost, trying again …' : 'connected again'),
  });
  const explain = (error: unknown): never => {
    throw toFatal(error, url);
  };
  const failed = client.failed.catch(explain);
  failed.catch(() => {});
  return { ...client, failed, connect: () => client.connect().catch(explain) };
}

function toFatal(error: unknown, url: URL): unknown {
  if (!(error instanceof ConnectionError)) return error;
  const reason = revealLine(error.message);
  if (error.kind === 'refused') return new FatalError(reason);
  return new FatalError(
    `no realtime connection to ${url.origin}${url.pathname}: ${reason}`,
    EXIT.unavailable,
  );
}
