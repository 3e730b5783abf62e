import { z } from 'zod';
import { workspacePath } from '../paths.ts';
import { defineTool, readOnly } from '../tool.ts';

const MAX_FILES = 100;
/** More than the workspace takes for its two looks. */
const TIMEOUT_MS = 40_000;

const DESCRIPTION = `Finds files by name with a glob pattern such as **/*.ts or src/{a,b}/*.json; other characters, such as the parentheses of app/(auth), stand for themselves. Shortest paths first, at most 100. Hidden and ignored files are left out unless the pattern or path names them (.github/*, package-lock.json).`;

const Input = z.strictObject({
  pattern: z.string().min(1).max(1000).describe('The glob pattern'),
  path: z.string().optional().describe('Directory to search; default: the root of the workspace'),
});

export const globTool = defineTool({
  name: 'glob',
  description: DESCRIPTION,
  input: Input,
  parallel: true,
  async prepare({ pattern, path = '.' }, scope) {
    const root = workspacePath(path);
    return readOnly(async ({ signal }) => {
      const { paths, truncated, leftOut } = await scope.workspace.glob(
        pattern,
        { path: root, limit: MAX_FILES },
        AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      );
      const notes = [
        ...(truncated
          ? [`(Only the first ${MAX_FILES} files are shown. Use a narrower pattern or path.)`]
          : []),
        ...(leftOut > 0 ? [leftOutNote(leftOut)] : []),
      ];
      const files = paths.length === 0 ? 'No files found' : paths.map(absolute).join('\n');
      return {
        content: [files, ...notes].join('\n\n'),
        metadata: { number_of_files: paths.length, truncated },
      };
    });
  },
});

function leftOutNote(count: number): string {
  return `(${count} matching ${count === 1 ? 'file is' : 'files are'} hidden or ignored and left out. Name the file or its directory in full, in pattern or path, to see it.)`;
}

function absolute(path: string): string {
  return workspacePath(path);
}
