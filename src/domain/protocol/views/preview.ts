import { z } from 'zod';

/** Where a browser sees what listens on a port of a project. */
export const PreviewView = z
  .object({
    url: z
      .string()
      .describe('absolute, or a path on this server; open it before it expires, the preview stays'),
    port: z.int(),
    is_own_origin: z
      .boolean()
      .describe('false: a path on this server, sandboxed, where absolute paths of the page do not work'),
    expires_at: z.number().describe('of the address, Unix ms'),
  })
  .meta({ id: 'Preview' });
export type PreviewView = z.infer<typeof PreviewView>;
