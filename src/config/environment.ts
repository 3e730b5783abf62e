import type { Environment } from './paths.ts';

/** The environment of this process, for commands that hand single variables on to their own code. */
export function processEnvironment(): Environment {
  return process.env;
}
