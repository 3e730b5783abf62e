import { parse } from 'shell-quote';

/**
 * The words of each simple command in a shell text: split at operators and newlines, with the insides of
 * substitutions and of `sh -c` texts as further commands. A best effort for warnings; the sandbox is the boundary.
 */
export function simpleCommands(command: string, depth = 0): string[][] {
  if (depth > 4) return [];
  const commands = substitutions(command, BACKTICKS, depth);
  let words: string[] = [];
  const end = () => {
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (const token of parse(command.replace(/\r?\n/g, ' ; '), keepVariables)) {
    if (typeof token === 'string') {
      commands.push(...substitutions(token, DOLLAR_PARENTHESES, depth));
      if (token === '{' || token === '}' || KEYWORDS.has(token)) end();
      else words.push(token);
    } else if ('op' in token && token.op === 'glob') words.push(token.pattern);
    else if ('op' in token && /^[<>]/.test(token.op)) words.push(token.op);
    else end();
  }
  end();
  return commands.flatMap((found) => [found, ...nested(found, depth)]);
}

const KEYWORDS = new Set(['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'while', 'until', '!', '$']);
const BACKTICKS = /`([^`]*)`/g;
const DOLLAR_PARENTHESES = /\$\(([\s\S]*)\)/g;
const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'eval']);

/** Variables stay as they were written: what they hold is not known here. */
function keepVariables(name: string): string {
  return `$${name}`;
}

function substitutions(text: string, pattern: RegExp, depth: number): string[][] {
  return [...text.matchAll(pattern)].flatMap((match) => simpleCommands(match[1] ?? '', depth + 1));
}

function nested(words: string[], depth: number): string[][] {
  const { program, args } = programOf(words);
  if (!SHELLS.has(program)) return [];
  const text =
    program === 'eval' ? args.join(' ') : args[args.findIndex((arg) => /^-[a-z]*c$/.test(arg)) + 1];
  return text && text !== args[0] ? simpleCommands(text, depth + 1) : [];
}

const WRAPPERS = new Set([
  'env',
  'nohup',
  'time',
  'timeout',
  'nice',
  'command',
  'exec',
  'builtin',
  'xargs',
  'stdbuf',
]);

/** The program behind assignments and wrappers, without its directory. */
export function programOf(words: readonly string[]): { program: string; args: string[] } {
  let at = 0;
  let wrapped = false;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) continue;
    if (WRAPPERS.has(baseName(word))) wrapped = true;
    // Options and durations of a wrapper: `timeout -k 5 10s curl`.
    else if (!(wrapped && /^(-|\d+(\.\d+)?[smhd]?$)/.test(word))) break;
  }
  return { program: baseName(words[at] ?? ''), args: words.slice(at + 1) };
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}
