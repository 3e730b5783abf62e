import { Command } from 'commander';
import {
  type CommonFlags,
  loadFromFlags,
  withCommonOptions,
  withHost,
  withHttpPort,
  withWsPort,
  withYolo,
} from '../common-options.ts';

export function serveCommand(): Command {
  return withYolo(withWsPort(withHttpPort(withHost(withCommonOptions(new Command('serve'))))))
    .description('run everything in one process; needs no database, no Redis, no object store')
    .addHelpText('after', '\nExamples:\n  crush serve\n  crush serve --http-port 9000 --data-dir ./data')
    .action(async (flags: CommonFlags) => {
      const { serve } = await import('../serve.ts');
      await serve(await loadFromFlags(flags));
    });
}

export function httpServerCommand(): Command {
  return withHttpPort(withHost(withCommonOptions(new Command('http-server'))))
    .description('run the HTTP API; needs PostgreSQL')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://crush@db/crush crush http-server')
    .action(async (flags: CommonFlags) => {
      const { httpServer } = await import('../http-server.ts');
      await httpServer(await loadFromFlags(flags));
    });
}

export function wsServerCommand(): Command {
  return withYolo(withWsPort(withHost(withCommonOptions(new Command('ws-server')))))
    .description('run the WebSocket service and the agents; needs PostgreSQL and Redis')
    .addHelpText(
      'after',
      '\nExample:\n  DATABASE_URL=postgres://crush@db/crush REDIS_URL=redis://cache crush ws-server',
    )
    .action(async (flags: CommonFlags) => {
      const { wsServer } = await import('../ws-server.ts');
      await wsServer(await loadFromFlags(flags));
    });
}
