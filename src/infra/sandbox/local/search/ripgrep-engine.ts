import { lstatSync } from 'node:fs';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { truncate } from '#shared/text.ts';
import type { LaunchedProcess, ProcessLauncher } from '../driver.ts';
import { entryPath, locate } from '../files/locate.ts';
import type { WorkspaceDirectory } from '../files/workspace-directory.ts';
import { invalidPattern, type RawMatch, type SearchEngine, type SearchScope } from './search-engine.ts';

/** Output of one search, all in all. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 4096;
/** rg's status for "nothing found"; 2 is an error. */
const NOTHING_FOUND = 1;
const MAX_MATCHES_PER_FILE = 1000;
const MAX_LINE_LENGTH = 500;
const MAX_REASON_LENGTH = 300;

export interface RipgrepEngineDeps {
  launcher: ProcessLauncher;
  /** Null where ripgrep is not installed; then searches say so. */
  rgPath: string | null;
  /** The default ignore file, as rg will see it. */
  ignoreFile: string;
  /** False where directories above the workspace can be seen and must not have a say. */
  readsParents: boolean;
}

const RIPGREP_IS_MISSING = 'ripgrep is not installed on the host, and searches need it: apt install ripgrep';

/** Searches by ripgrep, started like any command, so that it can see no more than one. */
export function createRipgrepEngine(deps: RipgrepEngineDeps): SearchEngine {
  function commonArguments({ location, start, everything }: SearchScope): string[] {
    const common = ['--no-config', '--no-messages', '--no-follow'];
    if (everything) return [...common, '--no-ignore', '--hidden', '--glob=!.git'];
    const hasCrushignore = isPlainFile(location, '.crushignore');
    return [
      ...common,
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
    if (deps.rgPath === null) throw new WorkspaceError('unavailable', RIPGREP_IS_MISSING);
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
    readsParents: deps.readsParents,
    async *files(scope, depth) {
      const shown = isShown(scope);
      const levels = depth === 0 ? [] : [`--max-depth=${depth}`];
      const args = ['--files', '--null', ...levels, '--', target(scope)];
      for await (const records of run(scope, args, 0)) yield records.split('\0').map(relative).filter(shown);
    },
    async *matches(scope, query) {
      const shown = isShown(scope);
      const args = [
        '--json',
        // The end of a line is its end, whichever way it is written.
        '--crlf',
        `--max-count=${MAX_MATCHES_PER_FILE}`,
        ...(scope.isFile ? [] : ['--max-filesize=10M', ...typeArguments(query.include)]),
        ...(query.literal ? ['--fixed-strings'] : []),
        `--regexp=${query.pattern}`,
        '--',
        target(scope),
      ];
      const modified = createModifiedTimes(scope.location);
      for await (const records of run(scope, args, 0x0a)) {
        for (const record of records.split('\n')) {
          const match = parseMatch(record);
          if (match !== null && shown(match.path)) yield { ...match, mtimeMs: modified(match.path) };
        }
      }
    },
  };
}

/** A file type, unlike `--glob`, leaves the ignore rules in force. Only plain patterns mean the same to rg. */
function typeArguments(include: string | null): string[] {
  if (include === null || !/^[\w.*-]+$/.test(include)) return [];
  return [`--type-add=crushname:${include}`, '--type=crushname'];
}

function target({ start }: SearchScope): string {
  return `./${start.join('/')}`;
}

function relative(path: string): string {
  return path.startsWith('./') ? path.replace(/^(?:\.\/)+/, '') : path;
}

/** Below the start nothing hidden is shown; rg shows hidden files that an ignore file takes back. */
function isShown({ start, everything, isFile }: SearchScope): (path: string) => boolean {
  if (everything || isFile) return () => true;
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
    return invalidPattern(`is not valid: ${reasonOf(message)}`);
  }
  return new WorkspaceError('unavailable', 'The search could not be run.');
}

/** The line that says what is wrong; what rg advises behind it are options that nobody here can give. */
function reasonOf(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const reason = lines.find((line) => line.startsWith('error: ')) ?? lines.find((line) => line !== '') ?? '';
  return truncate(reason.replace(/^error: /, '').replace(/\.$/, ''), MAX_REASON_LENGTH);
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

function createModifiedTimes(workspace: WorkspaceDirectory): (path: string) => number {
  let last = { path: '', mtimeMs: 0 };
  return (path) => {
    if (last.path !== path) last = { path, mtimeMs: modifiedTime(workspace, path) };
    return last.mtimeMs;
  };
}

function modifiedTime(workspace: WorkspaceDirectory, path: string): number {
  try {
    const place = locate(workspace, path.split('/'), { followLast: false });
    place.close();
    return place.stat?.mtimeMs ?? 0;
  } catch {
    return 0;
  }
}

function isPlainFile(workspace: WorkspaceDirectory, name: string): boolean {
  try {
    const place = locate(workspace, [name], { followLast: false });
    try {
      return lstatSync(entryPath(place.directoryFd, name), { throwIfNoEntry: false })?.isFile() === true;
    } finally {
      place.close();
    }
  } catch {
    return false;
  }
}
