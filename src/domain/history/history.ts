import { z } from 'zod';

/** One stored state of a file in a session. Version 0 is the content before the session's first change. */
export const FileVersion = z.object({
  id: z.uuid(),
  sessionId: z.uuid(),
  /** Workspace path. */
  path: z.string(),
  content: z.string(),
  /** Of the content in UTF-8, in bytes. */
  size: z.number().int(),
  version: z.number().int(),
  createdAt: z.number(),
});
export type FileVersion = z.infer<typeof FileVersion>;

/** A version without its content, of which there may be megabytes. */
export const FileVersionSummary = FileVersion.omit({ content: true });
export type FileVersionSummary = z.infer<typeof FileVersionSummary>;
