import { createActivity, createSandboxApp, createTokenCheck, mountChannel } from '#sandbox/index.ts';
import { systemClock } from '#shared/clock.ts';
import { createDrainFlag } from '../platform/drain-flag.ts';
import { PROFILE_PORTS } from '../platform/profile.ts';
import { openSandboxToken } from '../platform/sandbox-token.ts';
import { listen, urlOf } from '../services/listen.ts';
import { openLocalWorkspaces } from '../services/workspaces.ts';
import type { Server } from './server.ts';

/** Workspaces of this machine for other servers. */
export const sandboxServer: Server = {
  name: 'sandbox-server',
  profilePort: PROFILE_PORTS.sandbox,
  check: (config) => void openSandboxToken(config, [config.server.host]),
  async start({ config, log, stack }) {
    const provider = await openLocalWorkspaces({ config, log, stack });
    const drain = createDrainFlag();
    const activity = createActivity(systemClock);
    const isAuthorized = createTokenCheck(openSandboxToken(config, [config.server.host]));
    const deps = { provider, activity, isAuthorized, draining: drain.raised, log };
    const server = await listen({ app: createSandboxApp(deps), config, key: 'sandbox_port', stack });
    const channel = mountChannel({ ...deps, clock: systemClock, server: server.server });
    stack.push('channel', () => channel.close());
    // What was asked for over plain HTTP has no connection that ends it.
    stack.push('running commands', () => void activity.stopAll());
    drain.raiseOnClose(stack);
    const { driver, isolated } = provider;
    log.info({ http: urlOf('http', server), driver, isolated }, 'listening');
  },
};
