/** Above whatever a repository configures: nothing of it is run, fetched or asked for. */
const CONFIG: ReadonlyArray<readonly [string, string]> = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.sshCommand', 'false'],
  ['core.attributesFile', '/dev/null'],
  // A larger file is compared as a whole, not line by line in memory.
  ['core.bigFileThreshold', '4m'],
  ['core.quotePath', 'false'],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['submodule.recurse', 'false'],
  ['diff.ignoreSubmodules', 'dirty'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['pack.threads', '1'],
  ['checkout.workers', '1'],
  ['advice.addEmbeddedRepo', 'false'],
  // Who owns the files matters to git only because it trusts their configuration.
  ['safe.directory', '*'],
];

const ENVIRONMENT: readonly string[] = [
  'PATH=/usr/local/bin:/usr/bin:/bin',
  'HOME=/nonexistent',
  'LC_ALL=C.UTF-8',
  'GIT_CONFIG_NOSYSTEM=1',
  'GIT_CONFIG_GLOBAL=/dev/null',
  'GIT_ATTR_NOSYSTEM=1',
  'GIT_TERMINAL_PROMPT=0',
  'GIT_OPTIONAL_LOCKS=0',
  'GIT_NO_LAZY_FETCH=1',
  'GIT_NO_REPLACE_OBJECTS=1',
  'GIT_LITERAL_PATHSPECS=1',
  'GIT_ALLOW_PROTOCOL=',
  `GIT_CONFIG_COUNT=${CONFIG.length}`,
  ...CONFIG.flatMap(([key, value], index) => [
    `GIT_CONFIG_KEY_${index}=${key}`,
    `GIT_CONFIG_VALUE_${index}=${value}`,
  ]),
];

/** A fixed shell script that gets its input as positional parameters, in an environment of its own. */
export function scriptCommand(script: string, parameters: readonly string[]): [string, ...string[]] {
  return ['/usr/bin/env', '-i', ...ENVIRONMENT, '/bin/sh', '-euc', script, 'git', ...parameters];
}
