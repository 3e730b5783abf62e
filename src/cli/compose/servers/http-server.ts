import { requirePostgres } from '../platform/database.ts';
import { requireChoices } from '../platform/exposure.ts';
import { PROFILE_PORTS } from '../platform/profile.ts';
import { urlOf } from '../services/listen.ts';
import { openCore, SHARED_DATABASE, serveApi } from './core.ts';
import type { Server } from './server.ts';

/** The REST API in a process of its own. */
export const httpServer: Server = {
  name: 'http-server',
  profilePort: PROFILE_PORTS.http,
  check(config) {
    requirePostgres(config, 'http-server');
    requireChoices(config);
  },
  async start(deps) {
    const core = await openCore(deps, SHARED_DATABASE);
    const server = await serveApi(core);
    core.drain.raiseOnClose(deps.stack);
    deps.log.info({ http: urlOf('http', server) }, 'listening');
  },
};
