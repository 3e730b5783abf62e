import { z } from 'zod';
import type { ToolScope } from '../../ports.ts';
import { targetPath } from '../paths.ts';
import { defineTool, type Prepared, refuse } from '../tool.ts';
import { applyInTime, editTerms } from './edit-work.ts';
import { planFileChange, recoverFileChange, refuseUnread } from './file-change.ts';
import { readTextFile } from './text-file.ts';

const DESCRIPTION = `Replaces one piece of text in a file, creates a file (empty old_string), or deletes a piece (empty new_string).

- Read the file with view first; a file that changed since then is refused.
- old_string must be copied exactly from the file, without the line numbers that view shows, and must occur once. Take three or more lines around the change to make it so, or set replace_all to change every occurrence.
- For several changes in one file use multiedit; for a whole new content use write.`;

const Input = z.strictObject({
  file_path: z.string().min(1).describe('The file, absolute or relative to the workspace'),
  old_string: z.string().describe('The text to be replaced; empty to create the file'),
  new_string: z.string().describe('The text to put in its place; empty to delete'),
  replace_all: z.boolean().optional().describe('Replace every occurrence (default false)'),
});
type Input = z.infer<typeof Input>;

export const editTool = defineTool({
  name: 'edit',
  description: DESCRIPTION,
  input: Input,
  prepare: prepareEdit,
  async recover(input, scope, journal) {
    const found = await recoverFileChange(scope, await targetPath(scope, input.file_path), journal);
    return found === 'not_done' ? prepareEdit(input, scope) : found;
  },
});

async function prepareEdit(input: Input, scope: ToolScope): Promise<Prepared> {
  const path = await targetPath(scope, input.file_path);
  const terms = editTerms(scope);
  const file = await readTextFile(scope.workspace, path, scope.signal);
  if (input.old_string === '') {
    if (file) return refuse(`The file exists already: ${path}`);
    return planFileChange(scope, terms, {
      tool: 'edit',
      path,
      before: null,
      after: input.new_string,
      message: `File created: ${path}`,
    });
  }
  if (!file) return refuse(`File not found: ${path}`);
  const unread = await refuseUnread(scope, path, file);
  if (unread) return unread;
  const applied = await applyInTime(scope, terms, { text: file.text, edits: [input], creates: false });
  if (typeof applied === 'string') return refuse(`${applied}: ${path}`);
  const [failure] = applied.failed;
  if (failure) return refuse(`${failure.error}: ${path}`);
  if (applied.text === file.text) return refuse(`The edit changes nothing: ${path}`);
  const message =
    input.new_string === '' ? `Text deleted from file: ${path}` : `Text replaced in file: ${path}`;
  const [note] = applied.notes;
  return planFileChange(scope, terms, {
    tool: 'edit',
    path,
    before: file,
    after: applied.text,
    message: note ? `${message}\n${note}` : message,
  });
}
