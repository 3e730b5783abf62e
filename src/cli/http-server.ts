import type { LoadedConfig } from '#config/load.ts';
import { openApi } from './compose/api.ts';
import { requireCurrentSchema, requirePostgres } from './compose/database.ts';
import { createDrainFlag } from './compose/drain-flag.ts';
import { listen, urlOf } from './compose/listen.ts';
import { openLog } from './compose/logger.ts';
import { openCatalogue } from './compose/models.ts';
import { openPlatform } from './compose/platform.ts';
import { openProfile, PROFILE_PORTS } from './compose/profile.ts';
import { openSourceControl } from './compose/source-control.ts';
import { openWorkspaces } from './compose/workspaces.ts';
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
