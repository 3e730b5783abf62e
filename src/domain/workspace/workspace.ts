import type { Duplex, Readable, Writable } from 'node:stream';

/** Where a project's files are and its commands run. Paths are absolute workspace paths (`/workspace/...`) or relative to `/workspace`. */
export const WORKSPACE_ROOT = '/workspace';

export const WORKSPACE_ERROR_CODES = [
  'not_found',
  'not_a_file',
  'not_a_directory',
  'already_exists',
  'outside_workspace',
  'refused',
  'too_large',
  'not_text',
  'invalid_pattern',
  'timeout',
  'no_space',
  'unavailable',
] as const;
export type WorkspaceErrorCode = (typeof WORKSPACE_ERROR_CODES)[number];

/** An expected failure of a workspace operation; the message names workspace paths only. */
export class WorkspaceError extends Error {
  readonly code: WorkspaceErrorCode;
  constructor(code: WorkspaceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'WorkspaceError';
    this.code = code;
  }
}

export interface ExecRequest {
  /** Run by `/bin/bash -c`. */
  command: string;
  cwd?: string;
  /** Added to the scrubbed environment; names that change how programs load code are dropped. */
  env?: Record<string, string>;
  stdin?: string;
  timeoutMs?: number;
  /** Kept bytes of output per stream, half from its head and half from its tail. */
  maxOutputBytes?: number;
  /** Called with each piece of output as it arrives, as text; must not throw. */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface ExecResult {
  stdout: string;
  stderr: string;
  /** Null when a signal ended it. */
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  cancelled: boolean;
  /** Bytes left out between head and tail. */
  truncatedBytes: number;
  durationMs: number;
}

export interface SpawnRequest {
  /** Program and arguments; no shell. */
  argv: [string, ...string[]];
  cwd?: string;
  env?: Record<string, string>;
}

/** A long-lived process with stdio (language servers, MCP servers, background jobs). */
export interface WorkspaceProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  exited: Promise<{ exitCode: number | null; signal: string | null }>;
  /** TERM, then KILL after the grace; the whole group. Idempotent. */
  kill(): Promise<void>;
}

export interface FileStat {
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'other';
  size: number;
  mtimeMs: number;
}

export interface FileContent {
  /** Bytes from `offset`, at most `limit`. */
  bytes: Uint8Array;
  stat: FileStat;
}

export interface GrepMatch {
  path: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  text: string;
}

export interface TreeEntry {
  path: string;
  type: 'file' | 'directory' | 'symlink';
  /** From 1 for entries directly below the root of the walk. */
  depth: number;
  /** What a symbolic link holds. */
  target?: string;
}

/**
 * All file and process work of one project. Nothing reaches outside the workspace.
 * Every operation takes a signal; expected failures are `WorkspaceError`.
 */
export interface Workspace {
  readonly projectId: string;
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecResult>;
  spawn(request: SpawnRequest): Promise<WorkspaceProcess>;
  /**
   * A connection to what listens on a port of the project's own loopback, by either family. Rejects with
   * `not_found` where nothing does. Whoever asked ends it.
   */
  connect(port: number, signal?: AbortSignal): Promise<Duplex>;
  stat(path: string, signal?: AbortSignal): Promise<FileStat | null>;
  /** Where a write to `path` goes: through links, also where nothing is yet. */
  resolve(path: string, signal?: AbortSignal): Promise<string>;
  read(
    path: string,
    options?: { offset?: number; limit?: number },
    signal?: AbortSignal,
  ): Promise<FileContent>;
  /** Creates parents; keeps the mode of an existing file; atomic replace. */
  write(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<FileStat>;
  list(
    path: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ entries: FileStat[]; truncated: boolean }>;
  /** Depth first, folders and files by name, ignore rules applied; `depth` 0 is unlimited. */
  tree(
    path: string,
    options: { depth: number; limit: number; ignore?: string[] },
    signal?: AbortSignal,
  ): Promise<{
    entries: TreeEntry[];
    truncated: boolean;
    /** What the ignore rules left out, the first of it by path. */
    leftOut: { count: number; paths: string[] };
  }>;
  /** `*`, `?`, `[x]`, `{a,b}` and `**`. Hidden and ignored files only when named; `leftOut` counts the other matches. */
  glob(
    pattern: string,
    options: { path?: string; limit: number },
    signal?: AbortSignal,
  ): Promise<{ paths: string[]; truncated: boolean; leftOut: number }>;
  /** In a directory or one file; newest file first. `leftOut` counts matches in hidden and ignored files when there are no others. */
  grep(
    pattern: string,
    options: { path?: string; include?: string; literal?: boolean; limit: number },
    signal?: AbortSignal,
  ): Promise<{ matches: GrepMatch[]; truncated: boolean; leftOut: number }>;
  remove(path: string, signal?: AbortSignal): Promise<void>;
}

export interface WorkspaceProvider {
  /** What runs commands, for logs and the console. */
  readonly driver: 'bubblewrap' | 'remote' | 'host';
  /** False on the host driver: then every command asks. */
  readonly isolated: boolean;
  /**
   * Creates the directory when it is missing. `root`: an operator-listed directory instead of the default; the one in
   * the answer is its name without links, by which the other operations find it.
   */
  create(projectId: string, root: string | null): Promise<{ root: string | null }>;
  open(projectId: string, root: string | null): Promise<Workspace>;
  /** Kills the project's processes and removes its files (never those of an operator-listed root). */
  destroy(projectId: string, root: string | null): Promise<void>;
  /** Kills everything that still runs. */
  close(): Promise<void>;
}
