import { parse, type Word } from 'unbash';

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
  const [program, ...args] = plainWords(command) ?? [];
  if (program === undefined) return false;
  if (program === 'git') {
    const rule = Object.hasOwn(GIT, args[0] ?? '') ? GIT[args[0] ?? ''] : undefined;
    return rule?.(args.slice(1)) ?? false;
  }
  const rule = Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program] : undefined;
  return rule?.(args) ?? false;
}

/** The words of a text that is one simple command of plain and quoted words and nothing else; otherwise null. */
function plainWords(text: string): string[] | null {
  const script = parse(text);
  const [statement, ...more] = script.commands;
  if (script.errors?.length || !statement || more.length > 0 || statement.background) return null;
  const { command } = statement;
  if (command.type !== 'Command' || !command.name || command.prefix.length > 0) return null;
  const words: Word[] = [command.name];
  for (const part of command.suffix) {
    if (part.type !== 'Word') return null;
    words.push(part);
  }
  return words.every(isPlain) && isOnlyWords(text, words) ? words.map((word) => word.value) : null;
}

const PLAIN_TEXT = /^[^\s\\'"`$&|;<>(){}[\]*?!#\p{Cc}]*$/u;
const PLAIN_IN_DOUBLE_QUOTES = /^[^"\\`$\p{Cc}]*$/u;
const PLAIN_IN_SINGLE_QUOTES = /^[^'\p{Cc}]*$/u;

/** Each part is checked for itself, so that nothing hangs on how the parser told words from operators. */
function isPlain(word: Word): boolean {
  if (!word.parts) return word.text === word.value && PLAIN_TEXT.test(word.text);
  return word.parts.every((part) => {
    if (part.type === 'Literal') return part.text === part.value && PLAIN_TEXT.test(part.text);
    if (part.type === 'SingleQuoted') return PLAIN_IN_SINGLE_QUOTES.test(part.value);
    if (part.type !== 'DoubleQuoted') return false;
    return part.parts.every(
      (inner) =>
        inner.type === 'Literal' && inner.text === inner.value && PLAIN_IN_DOUBLE_QUOTES.test(inner.text),
    );
  });
}

/** Whether nothing but blanks stands around the words. */
function isOnlyWords(text: string, words: readonly Word[]): boolean {
  let at = 0;
  for (const { pos, end } of words) {
    if (!/^[ \t]*$/.test(text.slice(at, pos)) || (at > 0 && pos === at)) return false;
    at = end;
  }
  return /^[ \t\n]*$/.test(text.slice(at));
}
