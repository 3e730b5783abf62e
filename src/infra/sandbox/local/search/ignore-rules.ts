import { compilePathGlob } from './glob.ts';
import { MAX_IGNORE_RULE_CHARS, MAX_IGNORE_RULES } from './limits.ts';

const ALWAYS_IGNORED = [
  '.git',
  '.svn',
  '.hg',
  '.bzr',
  '.vscode',
  '.idea',
  'node_modules',
  '__pycache__',
  '.pytest_cache',
  '.cache',
  '.tmp',
  '.Trash',
  '.Spotlight-V100',
  '.fseventsd',
  '.crush',
  'OrbStack',
  '.local',
  '.share',
];

const COMMON_PATTERNS = [
  '*.swp',
  '*.swo',
  '*~',
  '.DS_Store',
  'Thumbs.db',
  'target',
  'build',
  'dist',
  'out',
  'bin',
  'obj',
  '*.o',
  '*.so',
  '*.dylib',
  '*.dll',
  '*.exe',
  '*.log',
  '*.tmp',
  '*.temp',
  '*.pyc',
  '*.pyo',
  'vendor',
  'Cargo.lock',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
];

/** What is left out of every search, in the syntax of an ignore file. */
export const DEFAULT_IGNORE_FILE = `${[...ALWAYS_IGNORED, ...COMMON_PATTERNS].join('\n')}\n`;

export const GITIGNORE = '.gitignore';
/** Read in the workspace's top directory only. */
export const CRUSHIGNORE = '.crushignore';

/** What one ignore file says about a path: true ignores, false takes back, null says nothing. */
export type IgnoreRules = (path: string, isDirectory: boolean) => boolean | null;

interface Rule {
  ignores: boolean;
  directoriesOnly: boolean;
  /** A pattern without a slash is compared with the last name only. */
  byName: boolean;
  matches(path: string): boolean;
}

/**
 * Compiles an ignore file; the last rule that fits decides. Paths are relative to the file's directory. Only the
 * path itself is compared, as a walk does not enter ignored directories. Of a file with too many rules the first ones
 * hold, and lines that are too long are none.
 */
export function parseIgnoreFile(text: string): IgnoreRules {
  const rules: Rule[] = [];
  for (const line of text.split('\n')) {
    if (line.length <= MAX_IGNORE_RULE_CHARS) rules.unshift(...parseRule(line));
    if (rules.length >= MAX_IGNORE_RULES) break;
  }
  return (path, isDirectory) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const rule = rules.find(
      (candidate) =>
        (isDirectory || !candidate.directoriesOnly) && candidate.matches(candidate.byName ? name : path),
    );
    return rule?.ignores ?? null;
  };
}

function parseRule(line: string): Rule[] {
  let pattern = withoutBlankEnd(line);
  if (pattern === '' || pattern.startsWith('#')) return [];
  const ignores = !pattern.startsWith('!');
  if (!ignores) pattern = pattern.slice(1);
  const directoriesOnly = pattern.endsWith('/');
  while (pattern.endsWith('/')) pattern = pattern.slice(0, -1);
  if (pattern === '') return [];
  const byName = !pattern.includes('/');
  return [{ ignores, directoriesOnly, byName, matches: compilePattern(pattern.replace(/^\//, '')) }];
}

/** A blank behind a backslash stays. */
function withoutBlankEnd(line: string): string {
  const trimmed = line.trimEnd();
  return trimmed.endsWith('\\') ? line.slice(0, trimmed.length + 1) : trimmed;
}

const SPECIAL = /[*?[\\]/;

/** The plain kinds, which are most, are compared without a pattern. */
function compilePattern(pattern: string): (path: string) => boolean {
  if (!SPECIAL.test(pattern)) return (path) => path === pattern;
  const suffix = pattern.slice(1);
  if (pattern.startsWith('*') && !SPECIAL.test(suffix) && !suffix.includes('/')) {
    return (name) => name.endsWith(suffix);
  }
  return compilePathGlob(pattern, { alternatives: false, dot: true }).matches;
}
