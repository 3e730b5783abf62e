import { hasPostgres, migrateOrExplain } from '../platform/database.ts';
import { requireChoices } from '../platform/exposure.ts';
import { refuseSharedPorts } from '../platform/ports.ts';
import { PROFILE_PORTS } from '../platform/profile.ts';
import { urlOf } from '../services/listen.ts';
import { ensureLocalAdmin } from '../services/local-admin.ts';
import { openCore, type SchemaPolicy, serveAgents, serveApi } from './core.ts';
import { serveBanner } from './serve-banner.ts';
import type { Server, ServerDeps } from './server.ts';

/** Everything in one process, on embedded defaults for whatever is not configured. */
export const serve: Server = {
  name: 'serve',
  profilePort: PROFILE_PORTS.http,
  check(config) {
    refuseSharedPorts(config, ['http_port', 'ws_port']);
    requireChoices(config);
  },
  async start(deps) {
    const { config, log, stack } = deps;
    const core = await openCore(deps, ownSchema(deps));
    const admin = await ensureLocalAdmin(core.platform);
    const http = await serveApi(core);
    const ws = await serveAgents(core, [http]);
    core.drain.raiseOnClose(stack);
    const urls = { http: urlOf('http', http), ws: `${urlOf('ws', ws)}/ws` };
    admin.announce({ server: urls.http, ws: urls.ws });
    log.info(urls, 'listening');
    const { driver } = core.workspaces;
    process.stderr.write(serveBanner({ ...urls, admin, config, driver }));
  },
};

function ownSchema({ config, log }: ServerDeps): SchemaPolicy {
  return {
    embedded: true,
    async prepareSchema(database) {
      const applied = await migrateOrExplain(database);
      if (applied.length > 0) log.info({ applied }, 'database schema brought up to date');
      // The process that owned this directory is gone, so no owner of a lease can be alive.
      if (!hasPostgres(config)) await database.repositories.turns.voidLeases();
    },
  };
}
