import { z } from 'zod';

/** A file or a folder with what is in it, folders first and by name. */
export interface FileNode {
  /** The path, so that it stays the same when files come and go. */
  id: string;
  name: string;
  type: 'file' | 'folder';
  /** From the root of the tree, which is `/`. */
  path: string;
  children?: FileNode[];
  content?: string;
  /** On the root: not everything is in the tree. */
  truncated?: true;
}

export const FileNode: z.ZodType<FileNode> = z
  .object({
    id: z.string().describe('the path'),
    name: z.string(),
    type: z.enum(['file', 'folder']),
    path: z.string().describe('from the root of the tree, which is /'),
    get children(): z.ZodOptional<z.ZodArray<z.ZodType<FileNode>>> {
      return z.array(FileNode).optional();
    },
    content: z.string().optional().describe('of small text files'),
    truncated: z.literal(true).optional().describe('on the root: not everything is in the tree'),
  })
  .meta({ id: 'FileNode' });

export const WorkingTreeDiffView = z
  .object({
    diff: z.string().describe('unified, from the last commit to the files as they are'),
    truncated: z.literal(true).optional(),
  })
  .meta({ id: 'WorkingTreeDiff' });
export type WorkingTreeDiffView = z.infer<typeof WorkingTreeDiffView>;
