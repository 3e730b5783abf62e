import { compilePathGlob } from './glob.ts';

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
 * path itself is compared, as a walk does not enter ignored directories.
 */
export function parseIgnoreFile(text: string): IgnoreRules {
  const rules = text.split(/\r?\n/).flatMap(parseRule).reverse();
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
  let pattern = line.replace(/(?<!\\)\s+$/, '');
  if (pattern === '' || pattern.startsWith('#')) return [];
  const ignores = !pattern.startsWith('!');
  if (!ignores) pattern = pattern.slice(1);
  const directoriesOnly = pattern.endsWith('/');
  pattern = pattern.replace(/\/+$/, '');
  if (pattern === '') return [];
  const byName = !pattern.includes('/');
  return [{ ignores, directoriesOnly, byName, matches: compilePattern(pattern.replace(/^\//, '')) }];
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
