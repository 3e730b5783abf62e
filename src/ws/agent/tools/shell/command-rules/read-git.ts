import { FIXED_GIT_CONFIG, FIXED_GIT_ENVIRONMENT, gitConfigVariables } from '#domain/workspace/index.ts';
import { GIT, GIT_ADDED } from './git-rules.ts';
import { type PlainCommand, quoted } from './plain-commands.ts';

const VARIABLES = { ...FIXED_GIT_ENVIRONMENT, ...gitConfigVariables(FIXED_GIT_CONFIG) };

/**
 * `read_git DIRECTORY ARGUMENT…`, a shell function. Filters have names of the repository's choice, so they are
 * looked up and silenced one by one. A question about the configuration is answered without settings of ours.
 */
export const READ_GIT = `read_git() (
  cd -- "$1" || exit 128
  shift
  export GIT_TRACE2=0 GIT_TRACE2_EVENT=0 GIT_TRACE2_PERF=0
  [ "$1" = config ] && exec git "$@"
  export ${Object.entries(VARIABLES)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(' ')}
  while IFS= read -r -d '' key; do
    case $key in *.required) value=false ;; *) value= ;; esac
    export "GIT_CONFIG_KEY_$GIT_CONFIG_COUNT=$key" "GIT_CONFIG_VALUE_$GIT_CONFIG_COUNT=$value"
    GIT_CONFIG_COUNT=$((GIT_CONFIG_COUNT + 1))
  done < <(git config -z --name-only --get-regexp '^filter\\.' 2> /dev/null)
  exec git "$@"
)
`;

/** How a git command that only reads is run; null for any other. */
export function readGit({ argv }: PlainCommand): string | null {
  const [, ...words] = argv;
  let directory = '.';
  while (words[0] === '--no-pager' || words[0] === '-C') {
    if (words.shift() !== '-C') continue;
    const named = words.shift();
    if (directory !== '.' || named === undefined || !/^[^-]/.test(named)) return null;
    directory = named;
  }
  const [subcommand = '', ...args] = words;
  const rule = Object.hasOwn(GIT, subcommand) ? GIT[subcommand] : undefined;
  if (!rule?.(args)) return null;
  return ['read_git', ...[directory, subcommand, ...(GIT_ADDED[subcommand] ?? []), ...args].map(quoted)].join(
    ' ',
  );
}
