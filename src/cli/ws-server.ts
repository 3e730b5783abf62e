import type { LoadedConfig } from '#config/load.ts';
import { requireCurrentSchema, requirePostgres } from './compose/platform/database.ts';
import { createDrainFlag } from './compose/platform/drain-flag.ts';
import { openLog } from './compose/platform/logger.ts';
import { openPlatform } from './compose/platform/platform.ts';
import { openProfile, PROFILE_PORTS } from './compose/platform/profile.ts';
import { requireRedis } from './compose/platform/realtime.ts';
import { openAgents } from './compose/services/agents.ts';
import { openSystemApi } from './compose/services/api.ts';
import { listen, urlOf } from './compose/services/listen.ts';
import { openCatalogue } from './compose/services/models.ts';
import { serveSockets } from './compose/services/sockets.ts';
import { openWorkspaces } from './compose/services/workspaces.ts';
import { runService } from './run-service.ts';

/** Sockets and agents in a process of its own. */
export async function wsServer({ config }: LoadedConfig): Promise<void> {
  requirePostgres(config, 'ws-server');
  requireRedis(config, 'ws-server');
  const log = openLog(config, 'ws-server');
  await runService(log, async (stack) => {
    await openProfile({ config, log, stack }, PROFILE_PORTS.ws);
    const platform = await openPlatform({
      config,
      log,
      stack,
      embedded: false,
      prepareSchema: requireCurrentSchema,
    });
    const workspaces = await openWorkspaces({
      config,
      log,
      stack,
      placement: platform.database.repositories.placements,
    });
    const drain = createDrainFlag();
    const app = openSystemApi(platform, drain.raised);
    const { host, ws_port: port } = config.server;
    const server = await listen(app, { host, port, key: 'server.ws_port' }, stack);
    serveSockets({ platform, stack }, [server.server]);
    openAgents({ platform, catalogue: openCatalogue(config, log), workspaces, stack });
    drain.raiseOnClose(stack);
    log.info({ http: urlOf('http', server), ws: `${urlOf('ws', server)}/ws` }, 'listening');
  });
}
