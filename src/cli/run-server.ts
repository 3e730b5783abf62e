import { EXIT } from '#config/errors.ts';
import type { LoadedConfig } from '#config/load.ts';
import { openLog } from './compose/platform/logger.ts';
import { openProfile } from './compose/platform/profile.ts';
import type { Server } from './compose/servers/server.ts';
import { runService } from './run-service.ts';

/** Runs a server in this process until `stopping`. Throws `FatalError` when it cannot start. */
export async function runServer(
  server: Server,
  { config }: LoadedConfig,
  stopping: AbortSignal,
): Promise<void> {
  if (stopping.aborted) return;
  server.check(config);
  const log = openLog(config, server.name);
  const fail = (name: string) => (error: unknown) => {
    log.error({ err: error }, name);
    process.exit(EXIT.failure);
  };
  process.on('unhandledRejection', fail('unhandled rejection'));
  process.on('uncaughtException', fail('uncaught exception'));
  await runService({ log, stopping, exit: (code) => process.exit(code) }, async (stack) => {
    await openProfile({ config, log, stack }, server.profilePort);
    await server.start({ config, log, stack });
  });
}
