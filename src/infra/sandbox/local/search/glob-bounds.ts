/** What all matches of a glob have in common. A search may leave out the rest and still has to compare. */
export interface GlobBounds {
  /** Names of the directories that lead to every match, from the start of the search. */
  directories: readonly string[];
  /** Globs of plain characters, `*`, `[x]` and `{a,b}`; the name of every match fits one of them. None is any name. */
  names: readonly string[];
  /** How far below the start matches can be; 0 is unlimited. */
  depth: number;
}

export const UNBOUNDED: GlobBounds = { directories: [], names: [], depth: 0 };

/** Anything else may mean more than itself, even across slashes. */
const PLAIN = /^[\w.*?/-]*$/;
const PLAIN_NAME = /^\w[\w.-]*$/;
const ALTERNATIVES = /\{[\w-]+(?:\.[\w-]+)*(?:,[\w-]+(?:\.[\w-]+)*)+\}/;
/** Keeps the expressions of `outsideGlobs` small. */
const MAX_DIRECTORIES = 4;
const MAX_NAME_LENGTH = 64;

/** A glob as it is compared: from the start of the search, without `./` or `/` in front. */
export function normalizeGlob(pattern: string): string {
  return pattern.replace(/^(?:\.?\/)+/, '');
}

export function boundsOf(pattern: string): GlobBounds {
  const segments = normalizeGlob(pattern).split('/');
  const last = segments.at(-1) ?? '';
  const head = segments.slice(0, -1);
  if (last === '' || !PLAIN.test(head.join('/')) || !PLAIN.test(last.replace(ALTERNATIVES, ''))) {
    return UNBOUNDED;
  }
  const unlimited = segments.some((segment) => segment.includes('**'));
  return { directories: leading(head), names: namesOf(last), depth: unlimited ? 0 : segments.length };
}

function leading(head: readonly string[]): string[] {
  const end = head.findIndex((name) => !isPlainName(name));
  return head.slice(0, end < 0 ? MAX_DIRECTORIES : Math.min(end, MAX_DIRECTORIES));
}

/** A file whose name is the glob itself, braces and all, is a match too. */
function namesOf(last: string): string[] {
  const name = last.replace(/[*?]+/g, '*');
  if (name === '*' || last.includes('**')) return [];
  return name.includes('{') ? [name, name.replace(/[{}]/g, '[$&]')] : [name];
}

function isPlainName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && PLAIN_NAME.test(name);
}

/**
 * Globs for everything beside the way to `directories`, one for each level, anchored with a slash. To exclude that,
 * unlike to include the way, leaves the ignore rules in force.
 */
export function outsideGlobs(start: readonly string[], directories: readonly string[]): string[] {
  if (!start.every(isPlainName)) return [];
  return directories.map((name, level) => {
    const above = [...start, ...directories.slice(0, level)].map((parent) => `/${parent}`).join('');
    return `${above}/{${otherNames(name).join(',')}}`;
  });
}

/** All names but one: those that differ at some character, end before it, or go on after it. */
function otherNames(name: string): string[] {
  const others = [...name].flatMap((character, index) => {
    const before = name.slice(0, index);
    const differs = `${before}[!${character}]*`;
    return index === 0 ? [differs] : [before, differs];
  });
  return [...others, `${name}?*`];
}
