import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Takes some of a server's requests before all others see them. */
export interface Front {
  owns(request: IncomingMessage): boolean;
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

/** Whoever listens to the server, before or after, is not told of what the front owns. */
export function putInFront(server: Server, front: Front): void {
  const emit = server.emit.bind(server) as (event: string | symbol, ...values: unknown[]) => boolean;
  server.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    const [request, other, head] = values;
    const isOwned = (event === 'request' || event === 'upgrade') && front.owns(request as IncomingMessage);
    if (!isOwned) return emit(event, ...values);
    if (event === 'request') front.request(request as IncomingMessage, other as ServerResponse);
    else front.upgrade(request as IncomingMessage, other as Duplex, head as Buffer);
    return true;
  };
  // Without a listener a request to upgrade would be one like any other.
  server.on('upgrade', (_request: IncomingMessage, stream: Duplex) => {
    if (server.listenerCount('upgrade') > 1) return;
    stream.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', () =>
      stream.destroy(),
    );
  });
}
