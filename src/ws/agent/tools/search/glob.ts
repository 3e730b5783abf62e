import { z } from 'zod';
import { workspacePath } from '../paths.ts';
import { defineTool, readOnly } from '../tool.ts';

const MAX_FILES = 100;
const TIMEOUT_MS = 30_000;

const DESCRIPTION = `Finds files by name with a glob pattern such as **/*.ts or src/{a,b}/*.json. Shortest paths first, at most 100; hidden and ignored files are left out.`;

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
      const { paths, truncated } = await scope.workspace.glob(
        pattern,
        { path: root, limit: MAX_FILES },
        AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      );
      const note = truncated
        ? `\n\n(Only the first ${MAX_FILES} files are shown. Use a narrower pattern or path.)`
        : '';
      return {
        content: paths.length === 0 ? 'No files found' : paths.map(absolute).join('\n') + note,
        metadata: { number_of_files: paths.length, truncated },
      };
    });
  },
});

function absolute(path: string): string {
  return workspacePath(path);
}
