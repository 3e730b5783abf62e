import type { Hono } from 'hono';
import { configError, FatalError } from '#config/errors.ts';
import { type HttpServer, ListenError, startHttpServer } from '#http/kit/listen.ts';
import type { CloseStack } from '../../close-stack.ts';

/** Throws `FatalError` with a line that names the address and the key. */
export async function listen(
  app: Pick<Hono, 'fetch'>,
  place: { host: string; port: number; key: string },
  stack: CloseStack,
): Promise<HttpServer> {
  stack.signal.throwIfAborted();
  try {
    const server = await startHttpServer({ app, host: place.host, port: place.port });
    stack.push(`port ${server.port}`, () => server.close());
    return server;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    if (error.code === 'EADDRINUSE') throw new FatalError(`${error.message} (${place.key})`);
    throw configError(`${error.message} (server.host or ${place.key})`);
  }
}

export function urlOf(scheme: 'http' | 'ws', { host, port }: HttpServer): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
