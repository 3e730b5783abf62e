import { homedir } from 'node:os';
import type { Environment } from './paths.ts';

/** The process's environment, for the few commands that need more of it than the configuration. */
export function processEnvironment(): { env: Environment; home: string } {
  return { env: process.env, home: homedir() };
}
