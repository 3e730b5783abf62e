import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import { type Page, type PageInput, readPage } from '../page.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import type { FileVersion, FileVersionSummary } from './history.ts';
import { MAX_HISTORY_BYTES, MAX_LISTED_VERSIONS } from './limits.ts';

type HistoryContext = Context<'sessions' | 'fileVersions'>;

/** The stored versions of every file that the session changed. */
export async function listFileVersions(
  ctx: HistoryContext,
  { sessionId, limit = MAX_LISTED_VERSIONS, cursor }: PageInput & { sessionId: string },
): Promise<Page<FileVersionSummary>> {
  const session = await getOwnedSession(ctx, sessionId);
  return readPage({ limit, cursor }, (page) => ctx.repositories.fileVersions.list(session.id, page));
}

export interface FileHistoryPage {
  /** The version before the first of these; null when that is the first of all. */
  before: FileVersion | null;
  versions: FileVersion[];
  next: string | null;
}

/**
 * Versions of one file, oldest first, behind the one that `cursor` names, up to some megabytes of contents.
 * Throws `not_found` for a file that the session never changed.
 */
export async function getFileHistory(
  ctx: HistoryContext,
  input: { sessionId: string; path: string; cursor?: string },
): Promise<FileHistoryPage> {
  const { path, cursor } = input;
  const session = await getOwnedSession(ctx, input.sessionId);
  if (cursor !== undefined && !isId(cursor)) {
    throw new DomainError('invalid_input', 'cursor: not a cursor of this list', { field: 'cursor' });
  }
  const page = { from: cursor, maxBytes: MAX_HISTORY_BYTES };
  const { versions: read, more } = await ctx.repositories.fileVersions.listOf(session.id, path, page);
  if (read.length === 0) throw notFound('File history');
  const [first = null] = read;
  const before = cursor === undefined ? null : first;
  return {
    before,
    versions: before ? read.slice(1) : read,
    next: more ? (read.at(-1)?.id ?? null) : null,
  };
}
