import type { Config } from '#config/load.ts';
import type { Log } from '#shared/log.ts';
import { createLogger } from '../../infra/log/index.ts';

export function openLog(config: Config, service: string): Log {
  const format = config.log.format ?? (process.stdout.isTTY ? 'pretty' : 'json');
  return createLogger({ level: config.log.level, format, service });
}
