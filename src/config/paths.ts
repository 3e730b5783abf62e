import { join } from 'node:path';

export type Environment = Record<string, string | undefined>;

/** Where data is kept when nothing else is said. */
export function defaultDataDir(env: Environment, home: string): string {
  if (env.CRUSH_DATA_DIR) return env.CRUSH_DATA_DIR;
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'crush');
}

export const CONFIG_FILE_CANDIDATES = ['./config.yaml', '/etc/crush/config.yaml'] as const;
