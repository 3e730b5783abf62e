import { z } from 'zod';

/** Version 0 is the content before the session's first change. */
export const FileVersionView = z
  .object({
    id: z.string(),
    path: z.string().describe('a workspace path'),
    version: z.number().int(),
    size: z.number().int().describe('bytes'),
    created_at: z.number().describe('Unix ms'),
  })
  .meta({ id: 'FileVersion' });
export type FileVersionView = z.infer<typeof FileVersionView>;

export const FileHistoryView = z
  .object({
    path: z.string(),
    versions: z.array(
      FileVersionView.extend({
        content: z.string(),
        diff: z
          .string()
          .optional()
          .describe('unified, from the version before; absent where it is too large'),
      }),
    ),
  })
  .meta({ id: 'FileHistory' });
export type FileHistoryView = z.infer<typeof FileHistoryView>;
