import type { Hono } from 'hono';
import { configError, FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import type { Front } from '#http/kit/front.ts';
import { type HttpServer, ListenError, startHttpServer } from '#http/kit/listen.ts';
import type { CloseStack } from '../../close-stack.ts';
import { othersOnPort, type PortKey } from '../platform/ports.ts';

export interface ListenDeps {
  app: Pick<Hono, 'fetch'>;
  config: Config;
  /** Of the port, in `server`. */
  key: PortKey;
  stack: CloseStack;
  front?: Front;
}

/** Throws `FatalError` with a line that names the address and the key. */
export async function listen({ app, config, key, stack, front }: ListenDeps): Promise<HttpServer> {
  stack.signal.throwIfAborted();
  const { host, [key]: port } = config.server;
  try {
    const server = await startHttpServer({ app, host, port, front });
    stack.push(`port ${server.port}`, () => server.close());
    return server;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    if (error.code !== 'EADDRINUSE') throw configError(`${error.message} (server.host or server.${key})`);
    const others = othersOnPort(config, key);
    const hint = others.length > 0 ? `, which is also the port of ${others.join(' and ')}` : '';
    throw new FatalError(`${error.message} (server.${key}${hint})`);
  }
}

export function urlOf(scheme: 'http' | 'ws', { host, port }: HttpServer): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
