import { FIXED_GIT_CONFIG, FIXED_GIT_ENVIRONMENT, gitConfigVariables } from '#domain/workspace/index.ts';

const CONFIG: ReadonlyArray<readonly [string, string]> = [
  ...FIXED_GIT_CONFIG,
  // A larger file is compared as a whole, not line by line in memory.
  ['core.bigFileThreshold', '4m'],
  ['core.quotePath', 'false'],
  ['pack.threads', '1'],
  ['checkout.workers', '1'],
  ['advice.addEmbeddedRepo', 'false'],
];

const ENVIRONMENT = Object.entries({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C.UTF-8',
  ...FIXED_GIT_ENVIRONMENT,
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_LITERAL_PATHSPECS: '1',
  ...gitConfigVariables(CONFIG),
}).map(([name, value]) => `${name}=${value}`);

/** A fixed shell script that gets its input as positional parameters, in an environment of its own. */
export function scriptCommand(script: string, parameters: readonly string[]): [string, ...string[]] {
  return ['/usr/bin/env', '-i', ...ENVIRONMENT, '/bin/sh', '-euc', script, 'git', ...parameters];
}
