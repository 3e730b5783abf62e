import { z } from 'zod';
import type { ToolScope } from '../../ports.ts';
import { targetPath } from '../paths.ts';
import { defineTool, type Prepared, refuse } from '../tool.ts';
import { editTerms } from './edit-work.ts';
import { planFileChange, recoverFileChange, refuseUnread } from './file-change.ts';
import {
  BYTE_ORDER_MARK,
  isAllCarriageReturns,
  toCarriageReturns,
  toLineFeeds,
} from './matching/line-ends.ts';
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
    const found = await recoverFileChange(scope, await targetPath(scope, input.file_path), journal);
    return found === 'not_done' ? prepareWrite(input, scope) : found;
  },
});

async function prepareWrite(input: Input, scope: ToolScope): Promise<Prepared> {
  const path = await targetPath(scope, input.file_path);
  const file = await readTextFile(scope.workspace, path, scope.signal);
  const unread = file ? await refuseUnread(scope, path, file) : null;
  if (unread) return unread;
  const after = file ? inKeepingWith(file.text, input.content) : input.content;
  if (file?.text === after) return refuse(`The file already has exactly this content: ${path}`);
  return planFileChange(scope, editTerms(scope), {
    tool: 'write',
    path,
    before: file,
    after,
    message: `File written: ${path}`,
    asDiff: true,
  });
}

/**
 * New content for a file: its byte order mark stays, and so do its CRLF line ends under other words that come with LF. The same words with
 * other line ends are a wish to change these.
 */
function inKeepingWith(before: string, content: string): string {
  const mark = before.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const body = before.slice(mark.length);
  const fresh = mark !== '' && content.startsWith(mark) ? content.slice(mark.length) : content;
  const keepsEnds = isAllCarriageReturns(body) && !fresh.includes('\r\n') && toLineFeeds(body) !== fresh;
  return mark + (keepsEnds ? toCarriageReturns(fresh) : fresh);
}
