import type { FileVersion } from './history.ts';

export interface FileVersionRepository {
  /** Stores `content` as the next version of (session, path), unless the latest has the same content. */
  add(version: Omit<FileVersion, 'version'>): Promise<FileVersion>;
  latest(sessionId: string, path: string): Promise<FileVersion | null>;
  list(sessionId: string): Promise<FileVersion[]>;
}

/** When a session last read a file: edits are refused when the file is newer. */
export interface FileReadRepository {
  /** Unix ms, or null when it was never read. */
  lastRead(sessionId: string, path: string): Promise<number | null>;
  record(sessionId: string, path: string, readAt: number): Promise<void>;
}
