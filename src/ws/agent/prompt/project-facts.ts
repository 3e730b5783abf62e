import { posix } from 'node:path';
import { WORKSPACE_ROOT, type Workspace } from '#domain/workspace/index.ts';
import { readOnlyScript } from '../tools/shell/command-rules/read-only-command.ts';
import { readToolchain } from './toolchain.ts';

/** What the system prompt says of a project. */
export interface ProjectFacts {
  /** Branch, status and last commits as text; null outside a repository. */
  git: string | null;
  contextFiles: Array<{ path: string; text: string }>;
  /** Versions that the project's files ask for. */
  toolchain: string[];
}

export interface ProjectFactsReader {
  /** Never throws: what cannot be read is left out. */
  read(workspace: Workspace, signal: AbortSignal): Promise<ProjectFacts>;
}

const CACHE_MS = 10_000;
const READ_TIMEOUT_MS = 5000;
const MAX_CACHED_PROJECTS = 1000;
const GIT_TIMEOUT_MS = 2000;
const MAX_GIT_BYTES = 4096;
const MAX_HEAD_BYTES = 512;
const MAX_LISTED = 1000;
const MAX_FILE_BYTES = 16 * 1024;
const MAX_TOTAL_BYTES = 48 * 1024;

const CONTEXT_NAMES = new Set([
  '.cursorrules',
  'claude.md',
  'claude.local.md',
  'gemini.md',
  'crush.md',
  'crush.local.md',
  'agents.md',
]);
const CONTEXT_PATHS = ['.github/copilot-instructions.md'];
const CONTEXT_DIRECTORIES = ['.cursor/rules'];

const GIT_COMMANDS = `printf 'Branch: '; git rev-parse --abbrev-ref HEAD 2>/dev/null || echo
echo Status:; git status --short 2>/dev/null | head -n 20
echo 'Recent commits:'; git log -n 3 --format='%h %s' 2>/dev/null`;

export interface ProjectFactsDeps {
  clock: { now(): number };
  /** False: commands run with the server's own rights, so none runs unasked. */
  isolated: boolean;
}

/** Facts are kept for some seconds per project; a command is only run in repositories. */
export function createProjectFactsReader({ clock, isolated }: ProjectFactsDeps): ProjectFactsReader {
  const readGit = isolated ? askGit : readBranch;
  const cache = new Map<string, { at: number; facts: Promise<ProjectFacts & { isComplete: boolean }> }>();
  return {
    async read(workspace, signal) {
      const known = cache.get(workspace.projectId);
      if (known && clock.now() - known.at < CACHE_MS) return unlessAborted(known.facts, signal);
      if (cache.size >= MAX_CACHED_PROJECTS) cache.clear();
      // Others share what is read here, so it does not end with the turn that was the first to ask.
      const limit = AbortSignal.timeout(READ_TIMEOUT_MS);
      const entry = { at: clock.now(), facts: readFacts(workspace, readGit, limit) };
      cache.set(workspace.projectId, entry);
      void entry.facts.then(({ isComplete }) => {
        if (!isComplete && cache.get(workspace.projectId) === entry) cache.delete(workspace.projectId);
      });
      return unlessAborted(entry.facts, signal);
    },
  };
}

const NO_FACTS: ProjectFacts = { git: null, contextFiles: [], toolchain: [] };

async function unlessAborted(facts: Promise<ProjectFacts>, signal: AbortSignal): Promise<ProjectFacts> {
  const over = new AbortController();
  const aborted = new Promise<ProjectFacts>((resolve) => {
    const stop = () => resolve(NO_FACTS);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { signal: over.signal });
  });
  try {
    const { git, contextFiles, toolchain } = await Promise.race([facts, aborted]);
    return { git, contextFiles, toolchain };
  } finally {
    over.abort();
  }
}

/** `isComplete`: nothing of it failed. */
async function readFacts(
  workspace: Workspace,
  readGit: (workspace: Workspace, signal: AbortSignal) => Promise<string | null>,
  signal: AbortSignal,
): Promise<ProjectFacts & { isComplete: boolean }> {
  const [git, files] = await Promise.allSettled([readGit(workspace, signal), readFiles(workspace, signal)]);
  return {
    git: git.status === 'fulfilled' ? git.value : null,
    ...(files.status === 'fulfilled' ? files.value : { contextFiles: [], toolchain: [] }),
    isComplete: git.status === 'fulfilled' && files.status === 'fulfilled' && !signal.aborted,
  };
}

async function readFiles(
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Pick<ProjectFacts, 'contextFiles' | 'toolchain'>> {
  const { entries } = await workspace.list('.', MAX_LISTED, signal);
  const names = entries.map(({ path }) => posix.basename(path));
  const [contextFiles, toolchain] = await Promise.all([
    readContextFiles(workspace, names, signal),
    readToolchain(workspace, names, signal),
  ]);
  return { contextFiles, toolchain };
}

async function askGit(workspace: Workspace, signal: AbortSignal): Promise<string | null> {
  const command = readOnlyScript(GIT_COMMANDS);
  if (command === null || !(await workspace.stat('.git', signal))) return null;
  const result = await workspace.exec(
    { command, timeoutMs: GIT_TIMEOUT_MS, maxOutputBytes: MAX_GIT_BYTES },
    signal,
  );
  return result.stdout.trim();
}

/** As far as the repository's files tell. */
async function readBranch(workspace: Workspace, signal: AbortSignal): Promise<string | null> {
  if (!(await workspace.stat('.git', signal))) return null;
  const head = await readHead(workspace, '.git/HEAD', MAX_HEAD_BYTES, signal).catch(() => '');
  const branch = /^ref: refs\/heads\/([^\p{Cc}\p{Cf}]+)$/u.exec(head)?.[1];
  return `Branch: ${branch ?? 'unknown'}`;
}

async function readContextFiles(
  workspace: Workspace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ProjectFacts['contextFiles']> {
  const files: ProjectFacts['contextFiles'] = [];
  let room = MAX_TOTAL_BYTES;
  for (const path of await contextPaths(workspace, names, signal)) {
    if (room <= 0) break;
    const text = await readHead(workspace, path, Math.min(MAX_FILE_BYTES, room), signal).catch(() => '');
    if (text === '') continue;
    room -= Buffer.byteLength(text);
    files.push({ path: posix.relative(WORKSPACE_ROOT, posix.resolve(WORKSPACE_ROOT, path)), text });
  }
  return files;
}

async function contextPaths(
  workspace: Workspace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const found = names.filter((name) => CONTEXT_NAMES.has(name.toLowerCase()));
  // Spellings that differ in case only name one file on some hosts.
  const unique = found.filter(
    (name, at) => found.findIndex((other) => other.toLowerCase() === name.toLowerCase()) === at,
  );
  const nested = CONTEXT_PATHS.filter((path) => names.includes(path.split('/', 1)[0] ?? ''));
  for (const directory of CONTEXT_DIRECTORIES) {
    if (!names.includes(directory.split('/', 1)[0] ?? '')) continue;
    const rules = await workspace.list(directory, MAX_LISTED, signal).catch(() => ({ entries: [] }));
    nested.push(
      ...rules.entries
        .filter(({ type }) => type === 'file')
        .map(({ path }) => posix.join(directory, posix.basename(path))),
    );
  }
  return [...nested, ...unique.sort((a, b) => a.localeCompare(b))];
}

async function readHead(
  workspace: Workspace,
  path: string,
  limit: number,
  signal: AbortSignal,
): Promise<string> {
  const { bytes, stat } = await workspace.read(path, { limit }, signal);
  const text = new TextDecoder().decode(bytes).trim();
  return stat.size > bytes.byteLength ? `${text}\n(cut here)` : text;
}
