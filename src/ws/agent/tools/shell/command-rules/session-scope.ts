import { sha256 } from '#shared/digest.ts';
import type { SessionScope } from '../../tool.ts';
import { type PlainCommand, type PlainPipeline, plainPipelines, quoted } from './plain-commands.ts';
import { isReadOnly } from './read-only-command.ts';

/**
 * Of these a grant leaves open the words that are no options; `*` is one word that it does not. What they run is the
 * project's own, and what else their words can name is no more than that.
 */
const OPEN_ENDED: readonly (readonly string[])[] = [
  ...['add', 'commit', 'switch'].map((verb) => ['git', verb]),
  ...['npm', 'pnpm', 'yarn', 'bun'].flatMap((program) => [
    [program, 'test'],
    [program, 'run', '*'],
  ]),
  ...['build', 'check', 'clippy', 'fmt', 'test'].map((verb) => ['cargo', verb]),
  ...['build', 'test', 'vet'].map((verb) => ['go', verb]),
  ...['build', 'test'].map((verb) => ['dotnet', verb]),
  ...['eslint', 'jest', 'mypy', 'prettier', 'pytest', 'tsc', 'vitest'].flatMap((program) => [
    [program],
    ['npx', program],
  ]),
  ...['check', 'format'].map((verb) => ['ruff', verb]),
  ['python', '-m', 'pytest'],
  ['python3', '-m', 'pytest'],
  ['mkdir'],
  ['touch'],
];

const MAX_COMMANDS = 8;
/** A grant's row is found by an index whose entries are small. */
const MAX_SCOPE_BYTES = 500;
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * What an answer for the session covers: each program of the text for itself where all of it is plain, with its
 * options as they stand; otherwise exactly this text. Programs that only read need no grant.
 */
export function sessionScope(command: string): SessionScope {
  const list = plainPipelines(command);
  const commands = list && separable(list);
  if (!commands) return { scopes: [stored(`=${command}`)], covers: 'exactly this command' };
  const scopes = commands.map(scopeOf);
  return {
    scopes: [...new Set(scopes.map(({ scope }) => stored(scope)))],
    covers: [...new Set(scopes.map(({ shown }) => shown))].join(', '),
  };
}

/** The commands that need a grant; null when what one of them does depends on the others. */
function separable(list: readonly PlainPipeline[]): PlainCommand[] | null {
  const asked: PlainCommand[] = [];
  for (const { commands } of list) {
    for (const [at, command] of commands.entries()) {
      if (command.argv[0] === 'cd') return null;
      if (isReadOnly(command)) continue;
      // What it reads from the command before can be its program.
      if (at > 0) return null;
      asked.push(command);
    }
  }
  return asked.length > 0 && asked.length <= MAX_COMMANDS ? asked : null;
}

function scopeOf({ argv }: PlainCommand): { scope: string; shown: string } {
  const kept = openEnded(argv);
  if (kept) {
    const scope = [...kept, '…'].join(' ');
    return { scope, shown: scope };
  }
  const shown = argv.map((word) => (PLAIN.test(word) ? word : quoted(word))).join(' ');
  return { scope: JSON.stringify(argv), shown };
}

/** Program, subcommand and options of a command whose other words may change. */
function openEnded(argv: readonly string[]): string[] | null {
  const form = OPEN_ENDED.find((words) =>
    words.every((word, at) => (word === '*' ? /^[^-]/.test(argv[at] ?? '') : word === argv[at])),
  );
  if (!form) return null;
  const options = argv.slice(form.length).filter((word) => word.startsWith('-'));
  const kept = [...argv.slice(0, form.length), ...options];
  return kept.every((word) => PLAIN.test(word)) ? kept : null;
}

function stored(scope: string): string {
  return Buffer.byteLength(scope) <= MAX_SCOPE_BYTES ? scope : `sha256 ${sha256(scope)}`;
}
