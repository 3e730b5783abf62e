import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import type { FileVersion } from './history.ts';

type HistoryContext = Context<'sessions' | 'fileVersions'>;

/** Every stored version of every file that the session changed. */
export async function listFileVersions(ctx: HistoryContext, sessionId: string): Promise<FileVersion[]> {
  const session = await getOwnedSession(ctx, sessionId);
  return ctx.repositories.fileVersions.list(session.id);
}

/** The versions of one file, oldest first. Throws `not_found` for a file that the session never changed. */
export async function getFileHistory(
  ctx: HistoryContext,
  input: { sessionId: string; path: string },
): Promise<FileVersion[]> {
  const versions = await listFileVersions(ctx, input.sessionId);
  const ofFile = versions.filter(({ path }) => path === input.path);
  if (ofFile.length === 0) throw notFound('File history');
  return ofFile.sort((a, b) => a.version - b.version);
}
