import type { LoadedConfig } from '#config/load.ts';
import { hasPostgres, migrateOrExplain } from './compose/platform/database.ts';
import { createDrainFlag } from './compose/platform/drain-flag.ts';
import { openLog } from './compose/platform/logger.ts';
import { openPlatform } from './compose/platform/platform.ts';
import { openProfile, PROFILE_PORTS } from './compose/platform/profile.ts';
import { openAgents } from './compose/services/agents.ts';
import { openApi, openSystemApi } from './compose/services/api.ts';
import { listen, urlOf } from './compose/services/listen.ts';
import { ensureLocalAdmin } from './compose/services/local-admin.ts';
import { openCatalogue } from './compose/services/models.ts';
import { serveSockets } from './compose/services/sockets.ts';
import { openSourceControl } from './compose/services/source-control.ts';
import { openWorkspaces } from './compose/services/workspaces.ts';
import { runService } from './run-service.ts';
import { serveBanner } from './serve-banner.ts';

/** Everything in one process, on embedded defaults for whatever is not configured. */
export async function serve({ config }: LoadedConfig): Promise<void> {
  const log = openLog(config, 'serve');
  await runService(log, async (stack) => {
    await openProfile({ config, log, stack }, PROFILE_PORTS.http);
    const platform = await openPlatform({
      config,
      log,
      stack,
      embedded: true,
      prepareSchema: async (database) => {
        const applied = await migrateOrExplain(database);
        if (applied.length > 0) log.info({ applied }, 'database schema brought up to date');
        // The process that owned this directory is gone, so no owner of a lease can be alive.
        if (!hasPostgres(config)) await database.repositories.turns.voidLeases();
      },
    });
    const workspaces = await openWorkspaces({
      config,
      log,
      stack,
      placement: platform.database.repositories.placements,
    });
    const catalogue = openCatalogue(config, log);
    const drain = createDrainFlag();
    const sourceControl = openSourceControl(config, stack);
    const app = openApi({ platform, catalogue, workspaces, sourceControl, draining: drain.raised });
    const admin = await ensureLocalAdmin(platform);
    const { host, http_port, ws_port } = config.server;
    const http = await listen(app, { host, port: http_port, key: 'server.http_port' }, stack);
    const wsApp = openSystemApi(platform, drain.raised);
    const ws = await listen(wsApp, { host, port: ws_port, key: 'server.ws_port' }, stack);
    serveSockets({ platform, stack }, [http.server, ws.server]);
    openAgents({ platform, catalogue, workspaces, stack });
    drain.raiseOnClose(stack);
    const urls = { http: urlOf('http', http), ws: `${urlOf('ws', ws)}/ws` };
    admin.announce({ server: urls.http, ws: urls.ws });
    log.info(urls, 'listening');
    process.stderr.write(serveBanner({ ...urls, admin, config, driver: workspaces.driver }));
  });
}
