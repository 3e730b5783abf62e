import { type Command, forEachChild, parse, type SyntaxNode, type Word } from 'unbash';
import { programBehind, type ShellCommand } from './wrappers.ts';

/** Texts within texts, as in `sh -c "eval '…'"`. */
const MAX_DEPTH = 5;
/** Characters of nested constructs that are looked at: the parser's time for deep nesting is quadratic. */
const MAX_NESTED_CHARS = 400_000;
/** What is parsed of a text: the beginning of a longer one. */
const MAX_TEXT_CHARS = 16 * 1024;
/** The parser reads what stands inside of an expansion again for each that is around it. */
const MAX_EXPANSION_CHARS = 500_000;

interface Walk {
  found: ShellCommand[];
  left: number;
}

/**
 * Every simple command of a shell text: in lists, pipelines, functions, substitutions, and in texts that are given
 * to a shell (`-c`, `eval`, `trap`, a here-document). A here-document for any other program is data. What the parser
 * does not understand is left out: this can tell what is there, never that nothing else is.
 */
export function shellCommands(text: string): ShellCommand[] {
  const walk: Walk = { found: [], left: MAX_NESTED_CHARS };
  readText(walk, text, 0);
  return walk.found;
}

function readText(walk: Walk, text: string, depth: number): void {
  const start = text.slice(0, MAX_TEXT_CHARS);
  if (depth > MAX_DEPTH || expansionDepth(start) * start.length > MAX_EXPANSION_CHARS) return;
  visit(walk, parse(start), [], depth);
}

/** How many `${` are open at once at most, wherever they stand. */
function expansionDepth(text: string): number {
  let open = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text.startsWith('${', at)) {
      open += 1;
      deepest = Math.max(deepest, open);
    } else if (open > 0 && text.charAt(at) === '}') open -= 1;
  }
  return deepest;
}

/** `input`: texts that the node may read as its standard input. */
function visit(walk: Walk, node: SyntaxNode, input: readonly string[], depth: number): void {
  if (node.type !== 'Word' && node.type !== 'Literal') walk.left -= node.end - node.pos;
  if (walk.left < 0) return;
  let readable = input;
  if (node.type === 'Command') {
    const own = hereTexts(node.redirects);
    readCommand(walk, node, own.length > 0 ? own : input, depth);
  } else if (node.type === 'Redirected') {
    const own = hereTexts(node.redirects);
    if (own.length > 0) readable = own;
  } else if (node.type === 'Pipeline') {
    let piped = input;
    for (const member of node.commands) {
      visit(walk, member, piped, depth);
      piped = producedTexts(member);
    }
    return;
  }
  forEachChild(node, (child) => visit(walk, child, readable, depth));
}

function readCommand(walk: Walk, node: Command, input: readonly string[], depth: number): void {
  if (node.name === undefined) return;
  const words = [node.name, ...node.args].map((word) =>
    word.type === 'Word' ? staticText(word) : word.text,
  );
  for (const command of programBehind(words)) {
    walk.found.push(command);
    for (const text of shellTexts(command, input)) readText(walk, text, depth + 1);
  }
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'rbash', 'fish']);
const STANDARD_INPUT = new Set(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']);

/** What a command will read as shell text. */
function shellTexts({ program, args }: ShellCommand, input: readonly string[]): readonly string[] {
  if (program === null) return [];
  if (program === 'eval' || program === 'watch') return [args.map((arg) => arg ?? '').join(' ')];
  if (program === 'trap') return typeof args[0] === 'string' ? [args[0]] : [];
  if (program === 'source' || program === '.') return STANDARD_INPUT.has(args[0] ?? '') ? input : [];
  if (!SHELLS.has(program)) return [];
  const at = args.findIndex((arg) => arg !== null && /^[-+][a-zA-Z]*c[a-zA-Z]*$/.test(arg));
  if (at >= 0) {
    const text = args.slice(at + 1).find((arg) => arg === null || !/^[-+]./.test(arg));
    return typeof text === 'string' ? [text] : [];
  }
  const script = args.find((arg) => arg === null || arg === '-' || !/^[-+]/.test(arg));
  const readsInput = script === undefined || args.includes('-s') || STANDARD_INPUT.has(script ?? '');
  return readsInput ? input : [];
}

function hereTexts(redirects: Command['redirects']): string[] {
  return redirects.flatMap((redirect) => {
    if (redirect.type === 'HereDoc') return [redirect.body.text];
    if (redirect.type === 'HereString' && redirect.target) return [redirect.target.value];
    return [];
  });
}

/** What a member of a pipeline may hand to the next, as far as the text says. */
function producedTexts(node: SyntaxNode): string[] {
  if (node.type === 'Redirected') return [...hereTexts(node.redirects), ...producedTexts(node.command)];
  if (node.type === 'Command') {
    const words = node.args.map((word) => (word.type === 'Word' ? word.value : word.text));
    return [...hereTexts(node.redirects), words.join(' '), words.at(-1) ?? ''];
  }
  const texts: string[] = [];
  if (node.type === 'Subshell' || node.type === 'BraceGroup') {
    for (const { command } of node.body.commands) texts.push(...producedTexts(command));
  }
  return texts;
}

/** The text of a word when no expansion has a part in it. */
function staticText(word: Word): string | null {
  const isStatic = (word.parts ?? []).every((part) => {
    if (part.type === 'DoubleQuoted' || part.type === 'LocaleString') {
      return part.parts.every((inner) => inner.type === 'Literal');
    }
    return part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'AnsiCQuoted';
  });
  return isStatic ? word.value : null;
}
