/** Alternatives that braces and brackets of one pattern may stand for, and their length in sum; more are left out. */
const MAX_ALTERNATIVES = 64;
const MAX_ALTERNATIVE_CHARS = 16_384;
/** Opening braces that are tried for a closing one. */
const MAX_OPEN_BRACES = 64;

export interface GlobOptions {
  /** `{a,b}` are alternatives, and `[x]` is also a name as it stands. Off in ignore files. */
  alternatives: boolean;
  /** Wildcards stand for hidden names too. */
  dot: boolean;
}

export interface Glob {
  matches(path: string): boolean;
  /** Whether the pattern names this part of a path: in full, or as a hidden one that begins with its dot. */
  names(part: string): boolean;
  /** Directories that lead to every match, as far as they are named in full. */
  prefix: readonly string[];
  /** How many names a match has at most; 0 is unlimited. */
  depth: number;
}

/** One character of a name: itself, any, or one of a set. Null stands for any number of characters. */
type Token = { literal: string } | { any: true } | { set: string; isNegated: boolean } | null;
/** `**` stands for any number of names. */
type Segment = readonly Token[] | '**';

/**
 * Compiles a pattern of `*`, `?`, `[x]`, `{a,b}`, `**` and `\`; every other character stands for itself. No expression
 * and no recursion: the time of a comparison grows with the product of both lengths at most.
 */
export function compilePathGlob(pattern: string, options: GlobOptions): Glob {
  const normal = pattern.replace(/^(?:\.?\/)+/, '').normalize('NFC');
  const texts = options.alternatives ? expandBraces(normal) : [normal];
  const variants = texts.flatMap((text) =>
    variantsOf(text, options, Math.floor(MAX_ALTERNATIVES / texts.length)),
  );
  const longest = variants.some((segments) => segments.includes('**'))
    ? 0
    : Math.max(...variants.map((segments) => segments.length), normal.split('/').length);
  return {
    matches(path) {
      const name = composed(path);
      if (name === normal) return true;
      const parts = name.split('/');
      return variants.some((segments) => matchSegments(segments, parts, options.dot));
    },
    names(part) {
      const name = composed(part);
      return variants.some((segments) =>
        segments.some((segment) => segment !== '**' && namesPart(segment, name)),
      );
    },
    prefix: leadingNames(normal),
    depth: longest,
  };
}

function composed(path: string): string {
  return /^[\0-\x7f]*$/.test(path) ? path : path.normalize('NFC');
}

function leadingNames(pattern: string): string[] {
  const directories = pattern.split('/').slice(0, -1);
  const end = directories.findIndex((name) => /[*?[\]{}\\]/.test(name) || name === '' || name === '..');
  return end < 0 ? directories : directories.slice(0, end);
}

function namesPart(segment: readonly Token[], name: string): boolean {
  const [first] = segment;
  const isHidden = first !== null && first !== undefined && 'literal' in first && first.literal === '.';
  const isLiteral = segment.every((token) => token !== null && 'literal' in token);
  return (isHidden || isLiteral) && matchSegment(segment, name, true);
}

/** Each pattern with its brackets as sets, and as what they look like: `[id]` is a directory in many projects. */
function variantsOf(pattern: string, { alternatives }: GlobOptions, most: number): Segment[][] {
  const asSets = pattern.split('/').map((text) => parseSegment(text, true));
  const brackets = pattern.includes('[') && alternatives;
  if (!brackets) return [asSets];
  let variants: Segment[][] = [[]];
  pattern.split('/').forEach((text, index) => {
    const set = asSets[index] ?? [];
    const plain = text.includes('[') ? parseSegment(text, false) : null;
    const both = plain === null || variants.length * 2 > most ? [set] : [set, plain];
    variants = variants.flatMap((before) => both.map((segment) => [...before, segment]));
  });
  return variants;
}

function parseSegment(text: string, hasSets: boolean): Segment {
  if (text === '**') return '**';
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const end = character === '[' && hasSets ? setEnd(text, at) : -1;
    if (character === '\\' && at + 1 < text.length) {
      at += 1;
      tokens.push({ literal: text.charAt(at) });
    } else if (character === '*') {
      if (tokens.at(-1) !== null || tokens.length === 0) tokens.push(null);
    } else if (character === '?') tokens.push({ any: true });
    else if (end > 0) {
      tokens.push(parseSet(text.slice(at + 1, end)));
      at = end;
    } else tokens.push({ literal: character });
  }
  return tokens;
}

/** The closing bracket; one that comes first belongs to the set. */
function setEnd(text: string, at: number): number {
  const first = /[!^]/.test(text.charAt(at + 1)) ? at + 2 : at + 1;
  return text.indexOf(']', first + 1);
}

function parseSet(text: string): Token {
  const isNegated = /^[!^]/.test(text);
  return { set: isNegated ? text.slice(1) : text, isNegated };
}

function inSet(set: string, character: string): boolean {
  for (let at = 0; at < set.length; at += 1) {
    if (set.charAt(at) === '\\' && at + 1 < set.length) at += 1;
    const from = set.charAt(at);
    if (set.charAt(at + 1) === '-' && at + 2 < set.length) {
      if (from <= character && character <= set.charAt(at + 2)) return true;
      at += 2;
    } else if (from === character) return true;
  }
  return false;
}

/** The last star takes one more whenever the rest does not fit; one place to come back to is enough. */
function matchSegment(tokens: readonly Token[], name: string, dot: boolean): boolean {
  const [first] = tokens;
  const isPlain = first !== null && first !== undefined && 'literal' in first;
  if (name.startsWith('.') && !dot && !isPlain) return false;
  let [token, at, star, resume] = [0, 0, -1, 0];
  while (at < name.length) {
    const expected = tokens[token];
    if (expected === null) {
      star = token;
      resume = at;
      token += 1;
    } else if (expected !== undefined && fits(expected, name.charAt(at))) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      resume += 1;
      at = resume;
      token = star + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === null);
}

function fits(token: Exclude<Token, null>, character: string): boolean {
  if ('literal' in token) return token.literal === character;
  if ('any' in token) return true;
  return inSet(token.set, character) !== token.isNegated;
}

/** The same over names. A `**` at the end wants at least one, so that `src/**` is what is in `src`. */
function matchSegments(segments: readonly Segment[], parts: readonly string[], dot: boolean): boolean {
  let [segment, at, star, resume] = [0, 0, -1, 0];
  while (at < parts.length) {
    const expected = segments[segment];
    const part = parts[at] ?? '';
    if (expected === '**') {
      star = segment;
      resume = at;
      segment += 1;
      if (segment < segments.length) continue;
      return parts.slice(at).every((rest) => dot || !rest.startsWith('.'));
    }
    if (expected !== undefined && matchSegment(expected, part, dot)) {
      segment += 1;
      at += 1;
    } else if (star >= 0 && (dot || !(parts[resume] ?? '').startsWith('.'))) {
      resume += 1;
      at = resume;
      segment = star + 1;
    } else return false;
  }
  return segment === segments.length;
}

/** What `{a,b}` stands for, also within each other. Braces without a comma are characters. */
function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const pending = [pattern];
  let chars = 0;
  for (let text = pending.pop(); text !== undefined; text = pending.pop()) {
    const group = firstGroup(text);
    if (group === null) done.push(text);
    else {
      for (const choice of group.choices.reverse()) pending.push(group.before + choice + group.after);
    }
    chars += text.length;
    if (done.length >= MAX_ALTERNATIVES || chars > MAX_ALTERNATIVE_CHARS) break;
  }
  return done.length > 0 ? done : [pattern];
}

function firstGroup(text: string): { before: string; choices: string[]; after: string } | null {
  let open = text.indexOf('{');
  for (let tries = 0; open >= 0 && tries < MAX_OPEN_BRACES; tries += 1) {
    const choices: string[] = [];
    let depth = 0;
    let from = open + 1;
    for (let at = open; at < text.length; at += 1) {
      const character = text.charAt(at);
      if (character === '\\') at += 1;
      else if (character === '{') depth += 1;
      else if (character === ',' && depth === 1) {
        choices.push(text.slice(from, at));
        from = at + 1;
      } else if (character === '}' && --depth === 0) {
        choices.push(text.slice(from, at));
        if (choices.length > 1) return { before: text.slice(0, open), choices, after: text.slice(at + 1) };
        break;
      }
    }
    open = text.indexOf('{', open + 1);
  }
  return null;
}
