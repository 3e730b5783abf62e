import { type Command, type PipelineNode, parse, type Redirection, type Word } from 'unbash';

/** One program with its words as it gets them; nothing of them is left to the shell. */
export interface PlainCommand {
  argv: readonly [string, ...string[]];
  /** To /dev/null, or of one standard stream to another, as the shell writes them. */
  redirects: readonly string[];
}

export interface PlainPipeline {
  /** What stands between this pipeline and the one before; null for the first. */
  joint: '&&' | '||' | ';' | null;
  negated: boolean;
  commands: readonly PlainCommand[];
  /** Between the commands. */
  pipes: readonly ('|' | '|&')[];
}

/** Longer texts are not parsed here; the parser's time can be quadratic. */
const MAX_CHARS = 4000;

/**
 * A shell text that consists of programs with literal words in lists and pipelines, and of nothing else: no
 * expansion, pattern, assignment, file, compound command or background. Null for any other text.
 */
export function plainPipelines(text: string): PlainPipeline[] | null {
  if (text.length > MAX_CHARS) return null;
  const script = parse(text);
  if (script.errors?.length || script.commands.length === 0) return null;
  const list: PlainPipeline[] = [];
  for (const { command, background } of script.commands) {
    if (background) return null;
    const nodes = command.type === 'AndOr' ? command.commands : [command];
    const operators = command.type === 'AndOr' ? command.operators : [];
    for (const [at, node] of nodes.entries()) {
      const joint = at > 0 ? (operators[at - 1] ?? null) : list.length > 0 ? ';' : null;
      const pipeline = plainPipeline(node, joint);
      if (!pipeline) return null;
      list.push(pipeline);
    }
  }
  return list;
}

function plainPipeline(node: PipelineNode, joint: PlainPipeline['joint']): PlainPipeline | null {
  const members = node.type === 'Pipeline' ? node.commands : [node];
  const prefixes = node.type === 'Pipeline' ? node.prefixes : [];
  if (prefixes.length > 1 || prefixes.some(({ type }) => type !== 'Negation')) return null;
  const commands: PlainCommand[] = [];
  for (const member of members) {
    const command = member.type === 'Command' ? plainCommand(member) : null;
    if (!command) return null;
    commands.push(command);
  }
  return {
    joint,
    negated: prefixes.length > 0,
    commands,
    pipes: node.type === 'Pipeline' ? node.operators : [],
  };
}

function plainCommand({ name, prefix, suffix }: Command): PlainCommand | null {
  if (!name || prefix.length > 0) return null;
  const program = plainText(name);
  if (program === null) return null;
  const args: string[] = [];
  const redirects: string[] = [];
  for (const part of suffix) {
    if (part.type === 'Word') {
      const word = plainText(part);
      if (word === null) return null;
      args.push(word);
    } else {
      const redirect = part.type === 'Assignment' ? null : harmlessRedirect(part);
      if (redirect === null) return null;
      redirects.push(redirect);
    }
  }
  return { argv: [program, ...args], redirects };
}

const TO_NOTHING: ReadonlySet<string> = new Set(['>', '>>', '&>', '&>>', '<']);

function harmlessRedirect(redirect: Redirection): string | null {
  if (redirect.type !== 'Redirect' || !redirect.target || redirect.target.parts) return null;
  const { operator, descriptor, target } = redirect;
  if (descriptor && (descriptor.type !== 'FileDescriptor' || descriptor.value > 2)) return null;
  const from = descriptor ? String(descriptor.value) : '';
  if (TO_NOTHING.has(operator) && target.text === '/dev/null') return `${from}${operator}/dev/null`;
  return operator === '>&' && /^[12]$/.test(target.text) ? `${from}>&${target.text}` : null;
}

/** Characters that no shell gives a meaning, a tilde within a word, and what git writes behind a name (`@{1}`). */
const PLAIN = /^(?!~)(?:[\p{L}\p{N}\p{M}_./,:@%+=^-]|(?<![:=])~|@\{[\w+-]*\})*$/u;
/** With backslashes that stay what they are. */
const IN_DOUBLE_QUOTES = /^(?:[^"\\`$\p{Cc}\p{Cf}\u2028\u2029]|\\[^"\\`$\p{Cc}\p{Cf}\u2028\u2029])*$/u;
const IN_SINGLE_QUOTES = /^[^'\p{Cc}\p{Cf}\u2028\u2029]*$/u;
/** What `find` and `test` take as words of their own. */
const LONE: Readonly<Record<string, string>> = { '!': '!', '\\!': '!', '\\(': '(', '\\)': ')' };

/** The text of a word that is the same for every shell; otherwise null. */
function plainText(word: Word): string | null {
  if (Object.hasOwn(LONE, word.text)) return LONE[word.text] ?? null;
  if (!word.parts) return word.text === word.value && PLAIN.test(word.text) ? word.text : null;
  let text = '';
  for (const part of word.parts) {
    if (part.type === 'Literal') {
      if (part.text !== part.value || !PLAIN.test(part.text)) return null;
      text += part.value;
    } else if (part.type === 'SingleQuoted') {
      if (!IN_SINGLE_QUOTES.test(part.value)) return null;
      text += part.value;
    } else if (part.type === 'DoubleQuoted') {
      for (const inner of part.parts) {
        if (inner.type !== 'Literal' || inner.text !== inner.value) return null;
        if (!IN_DOUBLE_QUOTES.test(inner.text)) return null;
        text += inner.value;
      }
    } else return null;
  }
  return text;
}

/** The shell text of a list whose every word is quoted; what runs is then what was judged, whoever parses it. */
export function shellText(
  list: readonly PlainPipeline[],
  write: (command: PlainCommand) => string = ({ argv }) => argv.map(quoted).join(' '),
): string {
  const joints = { '&&': ' && ', '||': ' || ', ';': '\n' };
  return list
    .map(({ joint, negated, commands, pipes }) => {
      const members = commands.map((command, at) => {
        const pipe = at === 0 ? '' : ` ${pipes[at - 1] ?? '|'} `;
        return `${pipe}${[write(command), ...command.redirects].join(' ')}`;
      });
      return `${joint ? joints[joint] : ''}${negated ? '! ' : ''}${members.join('')}`;
    })
    .join('');
}

export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
