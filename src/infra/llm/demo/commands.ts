/** One thing that the demo model understood. */
export type DemoCommand =
  | { type: 'run'; command: string }
  | { type: 'create'; file: string; text: string }
  | { type: 'read'; file: string }
  | { type: 'search'; pattern: string; path: string | null }
  | { type: 'find'; pattern: string }
  | { type: 'list'; path: string | null }
  | { type: 'replace'; from: string; to: string; file: string }
  | { type: 'todo'; items: string[] }
  | { type: 'count'; to: number };

const VERBS =
  'run|execute|create|write|read|show|view|open|cat|search|grep|find|list|ls|replace|change|todos?|count';
const SEPARATOR = new RegExp(
  `(?:[,;.]?\\s+(?:and\\s+)?then\\s+|\\s*\\n+\\s*)(?=(?:please\\s+)?(?:${VERBS})\\b)`,
  'i',
);
/** Longest count: enough to try out a cancel. */
const MAX_COUNT = 1_000;

/** Reads "run …, then create FILE with …": all commands in order, or none when one part is not understood. */
export function parseCommands(prompt: string): DemoCommand[] {
  const commands = prompt.trim().split(SEPARATOR).map(parseCommand);
  return commands.every((command) => command !== null) ? commands : [];
}

type Rule = [RegExp, (groups: Record<string, string | undefined>) => DemoCommand];

const QUOTED = '"[^"]*"|\'[^\']*\'|`[^`]*`';

const RULES: Rule[] = [
  [
    /^(?:run|execute)\s+(?:the\s+command\s+)?(?<command>.+)$/is,
    (g) => ({ type: 'run', command: bare(g.command) }),
  ],
  [
    /^(?:create|write|make)\s+(?:a\s+)?(?:new\s+)?(?:file\s+)?(?<file>\S+)\s+(?:with|containing|saying)\s+(?:the\s+)?(?:(?:text|contents?)\s+)?(?<text>.+)$/is,
    (g) => ({ type: 'create', file: place(g.file), text: literal(g.text) }),
  ],
  [
    /^(?:read|show|view|open|cat)\s+(?:me\s+)?(?:the\s+)?(?:file\s+)?(?<file>\S+)$/i,
    (g) => ({ type: 'read', file: place(g.file) }),
  ],
  [
    new RegExp(`^(?:search|grep)\\s+(?:for\\s+)?(?<pattern>${QUOTED}|.+?)(?:\\s+in\\s+(?<path>\\S+))?$`, 'i'),
    (g) => ({ type: 'search', pattern: bare(g.pattern), path: g.path ? place(g.path) : null }),
  ],
  [
    /^find\s+(?:(?:all\s+)?files?\s+)?(?:(?:named|matching|like)\s+)?(?<pattern>\S+)$/i,
    (g) => ({ type: 'find', pattern: bare(g.pattern) }),
  ],
  [
    /^(?:list|ls)(?:\s+(?:the\s+)?(?:files|directory|dir|folder))?(?:\s+(?:in|of))?(?:\s+(?<path>\S+))?$/i,
    (g) => ({ type: 'list', path: g.path ? place(g.path) : null }),
  ],
  [
    new RegExp(
      `^(?:replace|change)\\s+(?<from>${QUOTED}|.+?)\\s+(?:with|by|to)\\s+(?<to>${QUOTED}|.+?)\\s+in\\s+(?:file\\s+)?(?<file>\\S+)$`,
      'is',
    ),
    (g) => ({ type: 'replace', from: literal(g.from), to: literal(g.to), file: place(g.file) }),
  ],
  [/^todos?\s*:\s*(?<items>.+)$/is, (g) => ({ type: 'todo', items: items(g.items) })],
  [/^count\s+to\s+(?<to>\d{1,9})$/i, (g) => ({ type: 'count', to: Math.min(Number(g.to), MAX_COUNT) })],
];

function parseCommand(part: string): DemoCommand | null {
  const text = part.trim().replace(/^please\s+/i, '');
  for (const [pattern, build] of RULES) {
    const found = pattern.exec(text);
    if (found) return build(found.groups ?? {});
  }
  return null;
}

function bare(value = ''): string {
  const text = value.trim();
  return /^(["'`]).+\1$/s.test(text) ? text.slice(1, -1) : text;
}

/** A path, without the full stop of the sentence that it ends. */
function place(value = ''): string {
  const text = bare(value);
  return text === value.trim() ? text.replace(/(?<=[^./])[.,;!?]$/, '') : text;
}

/** The text of a file: a quoted text may write line ends as `\n`, a fenced one has them. */
function literal(value = ''): string {
  const text = value.trim();
  const fenced = /^```[^\n]*\n(?<body>.*?)```$/s.exec(text)?.groups?.body;
  if (fenced !== undefined) return fenced;
  const inner = bare(text);
  return inner === text ? text : inner.replace(/\\n/g, '\n').replace(/\\t/g, '\t');
}

function items(value = ''): string[] {
  return value
    .split(/[,;\n]/)
    .map((item) => item.replace(/^\s*[-*]\s*/, '').trim())
    .filter((item) => item !== '');
}
