import { lstatSync } from 'node:fs';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { truncate } from '#shared/text.ts';
import type { LaunchedProcess, ProcessLauncher } from '../driver.ts';
import { entryPath, locate } from '../files/locate.ts';
import { boundsOf, type GlobBounds, outsideGlobs } from './glob-bounds.ts';
import { MAX_LINE_LENGTH } from './line-matcher.ts';
import { compileGlob, invalidPattern, type RawMatch, type SearchEngine, type SearchScope } from './search.ts';
import { compileInclude } from './walk-engine.ts';

/** Output of one search, all in all. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 4096;
/** rg's status for "nothing found"; 2 is an error. */
const NOTHING_FOUND = 1;
const MAX_MATCHES_PER_FILE = 1000;

export interface RipgrepEngineDeps {
  launcher: ProcessLauncher;
  rgPath: string;
  /** The default ignore file, as rg will see it. */
  ignoreFile: string;
  /** False where directories above the workspace can be seen and must not have a say. */
  readsParents: boolean;
}

/** Searches by ripgrep, started like any command, so that it can see no more than one. */
export function createRipgrepEngine(deps: RipgrepEngineDeps): SearchEngine {
  function commonArguments({ location, start }: SearchScope): string[] {
    const hasCrushignore = isPlainFile(location.directory, '.crushignore');
    return [
      '--no-config',
      '--no-messages',
      '--no-follow',
      '--no-require-git',
      '--no-ignore-dot',
      '--no-ignore-exclude',
      '--no-ignore-global',
      ...(start.length === 0 || !deps.readsParents ? ['--no-ignore-parent'] : []),
      `--ignore-file=${deps.ignoreFile}`,
      ...(hasCrushignore ? ['--ignore-file=.crushignore'] : []),
    ];
  }

  async function* run(scope: SearchScope, args: string[], separator: number): AsyncGenerator<string> {
    const launched = await deps.launcher.launch(scope.location, {
      argv: [deps.rgPath, ...commonArguments(scope), ...args],
      cwd: '',
      env: deps.launcher.environment(undefined),
      stdin: 'ignore',
      fenced: false,
    });
    const onAbort = (): void => launched.kill();
    scope.signal.addEventListener('abort', onAbort, { once: true });
    const errors = collectErrors(launched);
    try {
      yield* splitRecords(launched, separator);
      scope.signal.throwIfAborted();
      const { exitCode } = await launched.closed;
      if (exitCode !== 0 && exitCode !== NOTHING_FOUND) throw rgError(errors());
    } finally {
      scope.signal.removeEventListener('abort', onAbort);
      launched.kill();
      launched.stdout.destroy();
    }
  }

  return {
    async *files(scope, bounds) {
      const shown = isShown(scope);
      const args = ['--files', '--null', ...boundsArguments(scope, bounds), '--', target(scope)];
      for await (const records of run(scope, args, 0)) yield records.split('\0').map(relative).filter(shown);
    },
    async *matches(scope, query) {
      const shown = isShown(scope);
      const included = compileInclude(query.include, scope.start);
      const args = [
        '--json',
        '--max-filesize=10M',
        `--max-count=${MAX_MATCHES_PER_FILE}`,
        ...includeArguments(scope, query.include),
        ...(query.literal ? ['--fixed-strings'] : []),
        `--regexp=${query.pattern}`,
        '--',
        target(scope),
      ];
      const modified = createModifiedTimes(scope.location.directory);
      for await (const records of run(scope, args, 0x0a)) {
        for (const record of records.split('\n')) {
          const match = parseMatch(record);
          if (match === null || !shown(match.path) || !included(match.path)) continue;
          yield { ...match, mtimeMs: modified(match.path) };
        }
      }
    },
  };
}

function includeArguments(scope: SearchScope, include: string | null): string[] {
  if (include === null) return [];
  if (include.includes('/')) return boundsArguments(scope, boundsOf(include));
  compileGlob(include);
  return typeArguments([include]);
}

function boundsArguments({ start }: SearchScope, { directories, names, depth }: GlobBounds): string[] {
  return [
    ...outsideGlobs(start, directories).map((glob) => `--glob=!${glob}`),
    ...typeArguments(names),
    ...(depth === 0 ? [] : [`--max-depth=${depth}`]),
  ];
}

/** A file type, unlike `--glob`, leaves the ignore rules in force. */
function typeArguments(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [...names.map((name) => `--type-add=crushname:${name}`), '--type=crushname'];
}

function target({ start }: SearchScope): string {
  return `./${start.join('/')}`;
}

function relative(path: string): string {
  return path.startsWith('./') ? path.replace(/^(?:\.\/)+/, '') : path;
}

/** Below the start nothing hidden is shown; rg shows hidden files that an ignore file takes back. */
function isShown({ start }: SearchScope): (path: string) => boolean {
  const prefix = start.length === 0 ? 0 : start.join('/').length + 1;
  return (path) => path[prefix] !== '.' && !path.includes('/.', prefix);
}

/** Whole records, as many as have arrived at once, without the separator after the last. */
async function* splitRecords(launched: LaunchedProcess, separator: number): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let total = 0;
  for await (const chunk of launched.stdout as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > MAX_OUTPUT_BYTES) return;
    const end = chunk.lastIndexOf(separator);
    if (end >= 0) {
      yield Buffer.concat([...pending, chunk.subarray(0, end)]).toString('utf8');
      pending = [];
    }
    if (end + 1 < chunk.length) pending.push(chunk.subarray(end + 1));
  }
}

function collectErrors(launched: LaunchedProcess): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  launched.stderr.on('error', () => {});
  launched.stderr.on('data', (chunk: Buffer) => {
    if (bytes < MAX_ERROR_BYTES) chunks.push(chunk);
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8', 0, MAX_ERROR_BYTES);
}

function rgError(message: string): WorkspaceError {
  if (/regex|glob|type|pattern|literal/i.test(message) && !message.startsWith('bwrap')) {
    return invalidPattern(`is not valid: ${message.trim().split('\n').at(-1) ?? ''}`);
  }
  return new WorkspaceError('unavailable', 'The search could not be run.');
}

/** One line of `rg --json`, as its printer crate documents it. */
interface MatchEvent {
  type: string;
  data: {
    path: { text?: string };
    lines: { text?: string; bytes?: string };
    line_number: number | null;
    submatches: { start: number }[];
  };
}

function parseMatch(record: string): Omit<RawMatch, 'mtimeMs'> | null {
  if (!record.startsWith('{"type":"match"')) return null;
  const { data } = JSON.parse(record) as MatchEvent;
  if (data.path.text === undefined || data.line_number === null) return null;
  const line = Buffer.from(
    data.lines.text ?? data.lines.bytes ?? '',
    data.lines.text === undefined ? 'base64' : 'utf8',
  );
  const before = line.subarray(0, data.submatches[0]?.start ?? 0).toString('utf8');
  return {
    path: relative(data.path.text),
    line: data.line_number,
    column: before.length + 1,
    text: truncate(line.toString('utf8').replace(/\r?\n$/, ''), MAX_LINE_LENGTH),
  };
}

function createModifiedTimes(directory: string): (path: string) => number {
  let last = { path: '', mtimeMs: 0 };
  return (path) => {
    if (last.path !== path) last = { path, mtimeMs: modifiedTime(directory, path) };
    return last.mtimeMs;
  };
}

function modifiedTime(directory: string, path: string): number {
  try {
    const place = locate(directory, path.split('/'), { followLast: false });
    place.close();
    return place.stat?.mtimeMs ?? 0;
  } catch {
    return 0;
  }
}

function isPlainFile(directory: string, name: string): boolean {
  try {
    const place = locate(directory, [name], { followLast: false });
    try {
      return lstatSync(entryPath(place.directoryFd, name), { throwIfNoEntry: false })?.isFile() === true;
    } finally {
      place.close();
    }
  } catch {
    return false;
  }
}
