import type { LoadedConfig } from '#config/load.ts';
import { requireCurrentSchema, requirePostgres } from './compose/platform/database.ts';
import { createDrainFlag } from './compose/platform/drain-flag.ts';
import { openLog } from './compose/platform/logger.ts';
import { openPlatform } from './compose/platform/platform.ts';
import { openProfile, PROFILE_PORTS } from './compose/platform/profile.ts';
import { openApi } from './compose/services/api.ts';
import { listen, urlOf } from './compose/services/listen.ts';
import { openCatalogue } from './compose/services/models.ts';
import { openSourceControl } from './compose/services/source-control.ts';
import { openWorkspaces } from './compose/services/workspaces.ts';
import { runService } from './run-service.ts';

/** The REST API in a process of its own. */
export async function httpServer({ config }: LoadedConfig): Promise<void> {
  requirePostgres(config, 'http-server');
  const log = openLog(config, 'http-server');
  await runService(log, async (stack) => {
    await openProfile({ config, log, stack }, PROFILE_PORTS.http);
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
    const catalogue = openCatalogue(config, log);
    const drain = createDrainFlag();
    const sourceControl = openSourceControl(config, stack);
    const app = openApi({ platform, catalogue, workspaces, sourceControl, draining: drain.raised });
    const { host, http_port: port } = config.server;
    const server = await listen(app, { host, port, key: 'server.http_port' }, stack);
    drain.raiseOnClose(stack);
    log.info({ http: urlOf('http', server) }, 'listening');
  });
}
