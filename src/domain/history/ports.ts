import type { FileVersion, FileVersionSummary } from './history.ts';

export interface FileVersionRepository {
  /** Stores `content` as the next version of (session, path), unless the latest has the same content. */
  add(version: Omit<FileVersion, 'version' | 'size'>): Promise<FileVersion>;
  latest(sessionId: string, path: string): Promise<FileVersion | null>;
  /** Of all files, by path and version, those behind `before`. */
  list(sessionId: string, page: { limit: number; before?: string }): Promise<FileVersionSummary[]>;
  /** Of one file, oldest first, from the version `from` on: two, and more as long as all have `maxBytes` in sum. */
  listOf(
    sessionId: string,
    path: string,
    page: { from?: string; maxBytes: number },
  ): Promise<{ versions: FileVersion[]; more: boolean }>;
}

/** What a session has last seen of a file: it may change only that. */
export interface FileReadRepository {
  /** The SHA-256 of the file's bytes, or null when it was never read. */
  lastRead(sessionId: string, path: string): Promise<string | null>;
  record(sessionId: string, path: string, read: { digest: string; readAt: number }): Promise<void>;
}
