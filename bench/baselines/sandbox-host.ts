import { startHttpServer } from '#http/kit/listen.ts';
import { createActivity, createSandboxApp, createTokenCheck, mountChannel } from '#sandbox/index.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { openLocalWorkspaces } from '../lib/local-workspaces.ts';

/** A sandbox server without its command line: the same routes and channel over the bubblewrap driver. */
async function main([port = '', dataDir = '', token = '']: string[]): Promise<void> {
  const provider = await openLocalWorkspaces(dataDir);
  const deps = {
    provider,
    activity: createActivity(systemClock),
    isAuthorized: createTokenCheck(token),
    draining: () => false,
    log: silentLog,
  };
  const http = await startHttpServer({
    app: createSandboxApp(deps),
    host: '127.0.0.1',
    port: Number(port),
    drainTimeoutMs: 0,
  });
  const channel = mountChannel({ ...deps, clock: systemClock, server: http.server });
  process.once('SIGTERM', () => {
    channel.close();
    void provider.close().then(() => http.close());
  });
}

void main(process.argv.slice(2));
