import { FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import type { CloseStack } from '../../close-stack.ts';

export const PROFILE_PORTS = { http: 6060, ws: 6061, sandbox: 6062 } as const;

export async function openProfile(
  { config, log, stack }: { config: Config; log: Log; stack: CloseStack },
  port: number,
): Promise<void> {
  if (!config.profile) return;
  const { startProfileServer } = await import('#infra/profile/server.ts');
  try {
    const server = await startProfileServer(port);
    stack.push('profile', () => server.close());
    log.info({ url: server.url }, 'profiling');
  } catch (error) {
    throw new FatalError(`cannot serve profiles on 127.0.0.1:${port}: ${errorMessage(error)} (profile)`);
  }
}
