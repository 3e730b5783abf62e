import { posix } from 'node:path';
import { z } from 'zod';
import type { TreeEntry } from '#domain/workspace/index.ts';
import { workspacePath } from '../paths.ts';
import { defineTool, readOnly } from '../tool.ts';

const MAX_ENTRIES = 1000;

const DESCRIPTION = `Shows a directory of the workspace as a tree. Files that version control ignores and common build output are left out, which is said; at most 1000 entries are shown. Use glob to find files by name and grep to find them by content.`;

const Input = z.strictObject({
  path: z.string().optional().describe('The directory; default: the root of the workspace'),
  ignore: z.array(z.string().max(200)).max(50).optional().describe('Glob patterns to leave out'),
  depth: z.number().int().min(0).max(100).optional().describe('Levels to show; 0 or absent: all'),
});

export const lsTool = defineTool({
  name: 'ls',
  description: DESCRIPTION,
  input: Input,
  parallel: true,
  async prepare({ path = '.', ignore = [], depth = 0 }, scope) {
    const root = workspacePath(path);
    return readOnly(async ({ signal }) => {
      const options = { depth, limit: MAX_ENTRIES, ignore };
      const { entries, truncated, leftOut } = await scope.workspace.tree(root, options, signal);
      const note = truncated
        ? `There are more than ${MAX_ENTRIES} entries; the first ${MAX_ENTRIES} follow. Name a directory or a depth to see less.\n\n`
        : '';
      return {
        content: note + formatTree(root, entries) + leftOutNote(leftOut),
        metadata: { number_of_files: entries.length, truncated },
      };
    });
  },
});

export function formatTree(root: string, entries: readonly TreeEntry[]): string {
  const lines = entries.map(({ path, type, depth, target }) => {
    const mark = type === 'directory' ? '/' : type === 'symlink' ? ` -> ${target ?? ''}` : '';
    const name = posix.basename(path) + mark;
    return `${'  '.repeat(depth)}- ${name}`;
  });
  return `\n${[`- ${root}/`, ...lines].join('\n')}\n`;
}

/** So that what the rules leave out is not taken for absent. */
function leftOutNote({ count, paths }: { count: number; paths: readonly string[] }): string {
  if (count === 0) return '';
  const more = count > paths.length ? ` and ${count - paths.length} more` : '';
  return `\n(Left out by the ignore rules: ${paths.join(', ')}${more}. Name one as path to see it.)\n`;
}
