import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { FileNode } from '../protocol/views/file.ts';
import { readFileTree } from './file-tree.ts';
import {
  inProjectWorkspace,
  type WorkspaceAccessDeps,
  type WorkspacePlace,
} from './open-project-workspace.ts';
import type { SourceControl, WorkingTreeDiff } from './source-control.ts';
import { type FileStat, type Workspace, WorkspaceError } from './workspace.ts';

type FilesContext = Context<'projects' | 'sessions'>;

const MEBIBYTE = 1024 * 1024;
export const MAX_SERVED_FILE_BYTES = 50 * MEBIBYTE;
const PIECE_BYTES = MEBIBYTE;

/** The files at a place, with the texts of small ones. Throws `not_found`, `invalid_input` and `overloaded`. */
export function getFileTree(
  deps: WorkspaceAccessDeps,
  ctx: FilesContext,
  place: WorkspacePlace,
  signal: AbortSignal,
): Promise<FileNode> {
  return inProjectWorkspace(deps, ctx, { ...place, signal }, (workspace, path) =>
    readFileTree(workspace, path, signal),
  );
}

export interface ServedFile {
  stat: FileStat;
  /** All of it, or its beginning. */
  first: Uint8Array;
  /** What comes after `first`, in pieces; null when there is no more. */
  rest: AsyncIterable<Uint8Array> | null;
}

/** One file's bytes. Throws `not_found`, `invalid_input`, `unprocessable`, `too_large` and `overloaded`. */
export function getFileContent(
  deps: WorkspaceAccessDeps,
  ctx: FilesContext,
  place: WorkspacePlace,
  signal: AbortSignal,
): Promise<ServedFile> {
  return inProjectWorkspace(deps, ctx, { ...place, signal }, async (workspace, path) => {
    const { bytes, stat } = await workspace.read(path, { limit: PIECE_BYTES }, signal);
    if (stat.size > MAX_SERVED_FILE_BYTES) {
      throw new DomainError('too_large', `The file is larger than ${MAX_SERVED_FILE_BYTES / MEBIBYTE} MiB`, {
        field: 'path',
      });
    }
    const complete = bytes.length >= stat.size;
    return { stat, first: bytes, rest: complete ? null : readRest(workspace, path, bytes.length, signal) };
  });
}

/** A file that grows meanwhile ends at the limit. */
async function* readRest(
  workspace: Workspace,
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let offset = from; offset < MAX_SERVED_FILE_BYTES; ) {
    const limit = Math.min(PIECE_BYTES, MAX_SERVED_FILE_BYTES - offset);
    const { bytes } = await workspace.read(path, { offset, limit }, signal);
    if (bytes.length === 0) return;
    yield bytes;
    offset += bytes.length;
  }
}

export interface DiffDeps extends WorkspaceAccessDeps {
  sourceControl: Pick<SourceControl, 'diff'>;
}

/** What has changed since the last commit. Throws `not_a_repository`, `not_found`, `invalid_input` and `overloaded`. */
export function getWorkingTreeDiff(
  deps: DiffDeps,
  ctx: FilesContext,
  place: WorkspacePlace,
  signal: AbortSignal,
): Promise<WorkingTreeDiff> {
  return inProjectWorkspace(deps, ctx, { ...place, signal }, async (workspace, path, ownerId) => {
    if (path.includes('\0')) throw new WorkspaceError('refused', 'The path holds a NUL character.');
    return deps.sourceControl.diff(workspace, { path, ownerId }, signal);
  });
}
