import { setImmediate } from 'node:timers/promises';
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
import type { Server } from '../compose/servers/server.ts';
import { catchSignals } from '../signals.ts';

export function serveCommand(): Command {
  return withYolo(withWsPort(withHttpPort(withHost(withCommonOptions(new Command('serve'))))))
    .description('run everything in one process; needs no database, no Redis, no object store')
    .addHelpText('after', '\nExamples:\n  crush serve\n  crush serve --http-port 9000 --data-dir ./data')
    .action((flags: CommonFlags) =>
      run(flags, async () => (await import('../compose/servers/serve.ts')).serve),
    );
}

export function httpServerCommand(): Command {
  return withHttpPort(withHost(withCommonOptions(new Command('http-server'))))
    .description('run the HTTP API; needs PostgreSQL')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://crush@db/crush crush http-server')
    .action((flags: CommonFlags) =>
      run(flags, async () => (await import('../compose/servers/http-server.ts')).httpServer),
    );
}

export function wsServerCommand(): Command {
  return withYolo(withWsPort(withHost(withCommonOptions(new Command('ws-server')))))
    .description('run the WebSocket service and the agents; needs PostgreSQL and Redis')
    .addHelpText(
      'after',
      '\nExample:\n  DATABASE_URL=postgres://crush@db/crush REDIS_URL=redis://cache crush ws-server',
    )
    .action((flags: CommonFlags) =>
      run(flags, async () => (await import('../compose/servers/ws-server.ts')).wsServer),
    );
}

export function sandboxServerCommand(): Command {
  return withHost(withCommonOptions(new Command('sandbox-server')))
    .description('run commands and file operations of workspaces for other servers; needs bubblewrap')
    .option('--port <port>', 'port to listen on')
    .addHelpText(
      'after',
      '\nExample:\n  CRUSH_SANDBOX__TOKEN=<32 bytes or more> crush sandbox-server --host 10.0.0.5 --port 8888',
    )
    .action((flags: CommonFlags) =>
      run(flags, async () => (await import('../compose/servers/sandbox-server.ts')).sandboxServer),
    );
}

async function run(flags: CommonFlags, load: () => Promise<Server>): Promise<void> {
  const stopping = catchSignals();
  const loaded = await loadFromFlags(flags);
  const [{ runServer }, server] = await Promise.all([import('../run-server.ts'), load()]);
  // A signal that came while all that kept this thread busy is heard now.
  await setImmediate();
  await runServer(server, loaded, stopping);
}
