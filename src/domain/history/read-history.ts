import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import type { FileVersion, FileVersionSummary } from './history.ts';

type HistoryContext = Context<'sessions' | 'fileVersions'>;

/** Every stored version of every file that the session changed. */
export async function listFileVersions(
  ctx: HistoryContext,
  sessionId: string,
): Promise<FileVersionSummary[]> {
  const session = await getOwnedSession(ctx, sessionId);
  return ctx.repositories.fileVersions.list(session.id);
}

/** The versions of one file, oldest first. Throws `not_found` for a file that the session never changed. */
export async function getFileHistory(
  ctx: HistoryContext,
  input: { sessionId: string; path: string },
): Promise<FileVersion[]> {
  const session = await getOwnedSession(ctx, input.sessionId);
  const versions = await ctx.repositories.fileVersions.listOf(session.id, input.path);
  if (versions.length === 0) throw notFound('File history');
  return versions;
}
