import { z } from 'zod';
import type { GrepMatch } from '#domain/workspace/index.ts';
import { truncate } from '#shared/text.ts';
import { workspacePath } from '../paths.ts';
import { defineTool, readOnly } from '../tool.ts';

const MAX_MATCHES = 100;
const MAX_LINE_CHARS = 500;
/** More than the workspace takes for its two looks. */
const TIMEOUT_MS = 10_000;

const DESCRIPTION = `Searches the contents of files with a regular expression. Newest files first, at most 100 matches. Hidden and ignored files are left out unless path or include names them. Look-around and back references are not supported. Set literal_text to search for the text as it is.`;

const Input = z.strictObject({
  pattern: z.string().min(1).max(10_000).describe('Regular expression, or text with literal_text'),
  path: z.string().optional().describe('Directory or file to search; default: the root of the workspace'),
  include: z
    .string()
    .max(1000)
    .optional()
    .describe('Only files that match this glob, such as *.ts or *.{c,h}'),
  literal_text: z.boolean().optional().describe('Take the pattern as plain text (default false)'),
});

export const grepTool = defineTool({
  name: 'grep',
  description: DESCRIPTION,
  input: Input,
  parallel: true,
  async prepare({ pattern, path = '.', include, literal_text: literal = false }, scope) {
    const root = workspacePath(path);
    return readOnly(async ({ signal }) => {
      const { matches, truncated, leftOut } = await scope.workspace.grep(
        pattern,
        { path: root, include, literal, limit: MAX_MATCHES },
        AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      );
      return {
        content: formatMatches(matches, truncated) + (leftOut > 0 ? leftOutNote(leftOut) : ''),
        metadata: { number_of_matches: matches.length, truncated },
      };
    });
  },
});

function leftOutNote(count: number): string {
  return `\n\n(${count} ${count === 1 ? 'match is' : 'matches are'} in hidden or ignored files and left out. Name the file or directory as path to search it.)`;
}

export function formatMatches(matches: readonly GrepMatch[], truncated: boolean): string {
  if (matches.length === 0) return 'No matches found';
  const byFile = new Map<string, string[]>();
  for (const { path, line, column, text } of matches) {
    const file = workspacePath(path);
    const cut = text.length > MAX_LINE_CHARS ? `${truncate(text, MAX_LINE_CHARS)}...` : text;
    const lines = byFile.get(file) ?? [];
    lines.push(`  Line ${line}, Char ${column}: ${cut.replace(/\r?\n$/, '')}`);
    byFile.set(file, lines);
  }
  const files = [...byFile].map(([file, lines]) => `${file}:\n${lines.join('\n')}`).join('\n\n');
  const note = truncated
    ? `\n\n(Only the first ${MAX_MATCHES} matches are shown. Use a narrower pattern or path.)`
    : '';
  return `Found ${matches.length} matches\n${files}${note}`;
}
