import { z } from 'zod';
import type { ToolScope } from '../../ports.ts';
import { workspacePath } from '../paths.ts';
import { defineTool, type Prepared, refuse } from '../tool.ts';
import { planFileChange, recoverFileChange, refuseUnread } from './file-change.ts';
import { readTextFile } from './text-file.ts';

const DESCRIPTION = `Writes a whole file, creating it and its directories as needed.

An existing file must have been read with view before, and not changed since. For small changes prefer edit or multiedit. Do not write documentation files unless asked.`;

const Input = z.strictObject({
  file_path: z.string().min(1).describe('The file, absolute or relative to the workspace'),
  content: z.string().describe('The complete new content'),
});
type Input = z.infer<typeof Input>;

export const writeTool = defineTool({
  name: 'write',
  description: DESCRIPTION,
  input: Input,
  prepare: prepareWrite,
  async recover(input, scope, journal) {
    const found = await recoverFileChange(scope, workspacePath(input.file_path), journal);
    return found === 'not_done' ? prepareWrite(input, scope) : found;
  },
});

async function prepareWrite(input: Input, scope: ToolScope): Promise<Prepared> {
  const path = workspacePath(input.file_path);
  const file = await readTextFile(scope.workspace, path, scope.signal);
  const unread = file ? await refuseUnread(scope, path, file) : null;
  if (unread) return unread;
  const after = input.content.replaceAll('\r\n', '\n');
  if (file?.text === after) return refuse(`The file already has exactly this content: ${path}`);
  return planFileChange(scope, {
    tool: 'write',
    path,
    before: file,
    after,
    crlf: file?.crlf ?? input.content.includes('\r\n'),
    message: `File written: ${path}`,
    asDiff: true,
  });
}
