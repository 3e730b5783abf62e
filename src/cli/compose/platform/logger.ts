import type { Config } from '#config/load.ts';
import { createLogger } from '#infra/log/index.ts';
import type { Log } from '#shared/log.ts';
import { ownStackReader } from '../../readable-stack.ts';

export function openLog(config: Config, service: string): Log {
  const format = config.log.format ?? (process.stdout.isTTY ? 'pretty' : 'json');
  return createLogger({ level: config.log.level, format, service, readStack: ownStackReader() });
}
