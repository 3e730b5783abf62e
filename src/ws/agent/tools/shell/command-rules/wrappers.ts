import { WORKSPACE_ROOT } from '#domain/workspace/index.ts';

/** Program and arguments of one simple command; null is a word that only the shell can know. */
export interface ShellCommand {
  program: string | null;
  args: readonly (string | null)[];
}

/** A program that runs the one that its arguments name. */
interface Wrapper {
  /** Options that take the next word as their value. */
  valued: readonly string[];
  /** Words of its own before the other program. */
  operands: number;
}

const wrapper = (valued = '', operands = 0): Wrapper => ({
  valued: valued.split(' ').filter((option) => option !== ''),
  operands,
});

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  builtin: wrapper(),
  busybox: wrapper(),
  command: wrapper(),
  coproc: wrapper(),
  env: wrapper('-u --unset -C --chdir -S --split-string'),
  exec: wrapper('-a'),
  flock: wrapper('-w --wait --timeout -E --conflict-exit-code', 1),
  ionice: wrapper('-c -n --class --classdata'),
  nice: wrapper('-n --adjustment'),
  nohup: wrapper(),
  parallel: wrapper('-j --jobs'),
  setsid: wrapper(),
  stdbuf: wrapper('-i -o -e --input --output --error'),
  strace: wrapper('-e -o -p -s'),
  time: wrapper('-f -o --format --output'),
  timeout: wrapper('-k -s --kill-after --signal', 1),
  unshare: wrapper(),
  xargs: wrapper('-I -i -n -P -L -d -a -E -s --max-args --max-procs --delimiter --arg-file --replace'),
};

/** Nested wrappers that are looked behind. */
const MAX_WRAPPERS = 8;
const FIND_ACTIONS = new Set(['-exec', '-execdir', '-ok', '-okdir']);

/** The commands that a command line runs: itself, what it wraps, and what `find` is told to execute. */
export function programBehind(words: readonly (string | null)[], level = 0): ShellCommand[] {
  const start = words.findIndex((word) => word === null || !isAssignment(word));
  if (start < 0) return [];
  const [name, ...args] = words.slice(start);
  const program = typeof name === 'string' ? programName(name) : null;
  const command = { program, args };
  if (program === null || level >= MAX_WRAPPERS) return [command];
  if (program === 'find') {
    return [command, ...executedByFind(args).flatMap((line) => programBehind(line, level + 1))];
  }
  const rule = Object.hasOwn(WRAPPERS, program) ? WRAPPERS[program] : undefined;
  // `command -v name` only tells where a program is.
  const looksUp = program === 'command' && /^-[pvV]*[vV]/.test(args[0] ?? '');
  if (!rule || looksUp) return [command];
  return [command, ...programBehind(wrapped(rule, args), level + 1)];
}

function wrapped(rule: Wrapper, args: readonly (string | null)[]): readonly (string | null)[] {
  let at = 0;
  let operands = rule.operands;
  for (; at < args.length; at += 1) {
    const word = args[at];
    if (typeof word !== 'string') {
      if (operands === 0) break;
      operands -= 1;
    } else if (rule.valued.includes(word)) at += 1;
    else if (word.startsWith('-') || isAssignment(word)) continue;
    else if (operands > 0) operands -= 1;
    else break;
  }
  return args.slice(at);
}

function executedByFind(args: readonly (string | null)[]): (string | null)[][] {
  return args.flatMap((arg, at) => {
    if (arg === null || !FIND_ACTIONS.has(arg)) return [];
    const rest = args.slice(at + 1);
    const end = rest.findIndex((word) => word === ';' || word === '+');
    return [rest.slice(0, end < 0 ? rest.length : end)];
  });
}

function isAssignment(word: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(word);
}

/** A program of the system by its name; one of the workspace, such as `./service`, is another. */
function programName(word: string): string {
  const isOwn = !word.startsWith('/') || word.startsWith(`${WORKSPACE_ROOT}/`);
  return isOwn ? word : word.slice(word.lastIndexOf('/') + 1);
}
