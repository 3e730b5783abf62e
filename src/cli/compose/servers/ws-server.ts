import { requirePostgres } from '../platform/database.ts';
import { requireChoices } from '../platform/exposure.ts';
import { PROFILE_PORTS } from '../platform/profile.ts';
import { requireRedis } from '../platform/realtime.ts';
import { urlOf } from '../services/listen.ts';
import { openCore, SHARED_DATABASE, serveAgents } from './core.ts';
import type { Server } from './server.ts';

/** Sockets and agents in a process of its own. */
export const wsServer: Server = {
  name: 'ws-server',
  profilePort: PROFILE_PORTS.ws,
  check(config) {
    requirePostgres(config, 'ws-server');
    requireRedis(config, 'ws-server');
    requireChoices(config);
  },
  async start(deps) {
    const core = await openCore(deps, SHARED_DATABASE);
    const server = await serveAgents(core);
    core.drain.raiseOnClose(deps.stack);
    deps.log.info({ http: urlOf('http', server), ws: `${urlOf('ws', server)}/ws` }, 'listening');
  },
};
