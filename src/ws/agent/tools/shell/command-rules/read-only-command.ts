import { parse } from 'shell-quote';

/** Whether the arguments keep a program from changing anything. */
type ArgumentRule = (args: readonly string[]) => boolean;

const anything: ArgumentRule = () => true;
const nothing: ArgumentRule = (args) => args.length === 0;
const only =
  (...allowed: RegExp[]): ArgumentRule =>
  (args) =>
    args.every((arg) => allowed.some((pattern) => pattern.test(arg)));

const PROGRAMS: Readonly<Record<string, ArgumentRule>> = {
  cal: anything,
  date: only(/^\+/, /^-u$/, /^-I[a-z]*$/, /^-R$/),
  df: anything,
  du: anything,
  echo: anything,
  free: anything,
  groups: anything,
  hostname: nothing,
  id: anything,
  ls: anything,
  printenv: anything,
  ps: anything,
  pwd: anything,
  type: anything,
  uname: anything,
  uptime: anything,
  whatis: anything,
  whereis: anything,
  which: anything,
  whoami: anything,
};

/** Long options of git that only select and format. Git accepts abbreviations, so nothing else passes. */
const GIT_LONG_OPTIONS = new RegExp(
  `^--(${[
    'oneline|stat|numstat|shortstat|name-only|name-status|graph|all|cached|staged|decorate|no-decorate',
    'abbrev-commit|abbrev-ref|format=.*|pretty(=.*)?|since=.*|until=.*|after=.*|before=.*|author=.*|grep=.*',
    'max-count=\\d+|short|porcelain(=v[12])?|branch|untracked-files(=\\w+)?|ignored|patch|no-patch|follow',
    'reverse|first-parent|merges|no-merges|date=.*|word-diff|ignore-all-space|ignore-space-change|color=never',
    'no-color|show-toplevel|is-inside-work-tree|verify|tags|always|long|dirty|contains|list|remotes|verbose',
    'show-current|others|exclude-standard|line-number|ignore-case|files-with-matches|count|summary|unified=\\d+',
    'no-ext-diff|no-textconv|minimal|merged|no-merged|full-history|topo-order|deleted|modified',
  ].join('|')})$`,
);
const SHORT_OPTIONS = /^-(?:[a-np-zA-NP-Z0-9]+)$/;

const gitReader: ArgumentRule = (args) =>
  args.every(
    (arg) => !arg.startsWith('-') || arg === '--' || GIT_LONG_OPTIONS.test(arg) || SHORT_OPTIONS.test(arg),
  );

const GIT: Readonly<Record<string, ArgumentRule>> = {
  blame: gitReader,
  branch: only(/^-(a|r|v|vv|av|rv|avv)$/, /^--(list|all|remotes|verbose|show-current)$/),
  config: (args) =>
    /^(--get|--get-all|--list|-l)$/.test(args[0] ?? '') && args.slice(1).every((arg) => !arg.startsWith('-')),
  describe: gitReader,
  diff: gitReader,
  grep: gitReader,
  log: gitReader,
  'ls-files': gitReader,
  remote: only(/^(-v|--verbose)$/),
  'rev-parse': gitReader,
  shortlog: gitReader,
  show: gitReader,
  status: gitReader,
  tag: only(/^(-l|-n\d*|--list)$/),
};

/**
 * True only for one simple command of which it is certain that it changes nothing: no operator, redirection,
 * substitution, expansion, pattern, assignment, wrapper or second line, and a program and options that are known.
 */
export function isReadOnlyCommand(command: string): boolean {
  if (/[\n\r$`\\!~{}#\0]/.test(command)) return false;
  const words = parse(command);
  if (!words.every((word) => typeof word === 'string')) return false;
  const [program = '', ...args] = words;
  if (program === 'git') {
    const rule = Object.hasOwn(GIT, args[0] ?? '') ? GIT[args[0] ?? ''] : undefined;
    return rule?.(args.slice(1)) ?? false;
  }
  const rule = Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program] : undefined;
  return rule?.(args) ?? false;
}
