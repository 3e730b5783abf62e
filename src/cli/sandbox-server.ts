import type { LoadedConfig } from '#config/load.ts';
import { createActivity, createSandboxApp, createTokenCheck, mountChannel } from '#sandbox/index.ts';
import { systemClock } from '#shared/clock.ts';
import { createDrainFlag } from './compose/platform/drain-flag.ts';
import { openLog } from './compose/platform/logger.ts';
import { openProfile, PROFILE_PORTS } from './compose/platform/profile.ts';
import { openSandboxToken } from './compose/platform/sandbox-token.ts';
import { listen, urlOf } from './compose/services/listen.ts';
import { openLocalWorkspaces } from './compose/services/workspaces.ts';
import { runService } from './run-service.ts';

/** Workspaces of this machine for other servers. */
export async function sandboxServer({ config }: LoadedConfig): Promise<void> {
  const log = openLog(config, 'sandbox-server');
  const { host, sandbox_port: port } = config.server;
  const token = openSandboxToken(config, [host]);
  await runService(log, async (stack) => {
    await openProfile({ config, log, stack }, PROFILE_PORTS.sandbox);
    const provider = await openLocalWorkspaces({ config, log, stack });
    const drain = createDrainFlag();
    const activity = createActivity(systemClock);
    const isAuthorized = createTokenCheck(token);
    const deps = { provider, activity, isAuthorized, draining: drain.raised, log };
    const server = await listen(createSandboxApp(deps), { host, port, key: 'server.sandbox_port' }, stack);
    const channel = mountChannel({ ...deps, server: server.server });
    stack.push('channel', () => channel.close());
    // What was asked for over plain HTTP has no connection that ends it.
    stack.push('running commands', () => void activity.stopAll());
    drain.raiseOnClose(stack);
    const { driver, isolated } = provider;
    log.info({ http: urlOf('http', server), driver, isolated }, 'listening');
  });
}
