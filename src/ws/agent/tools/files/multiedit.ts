import { z } from 'zod';
import { truncate } from '#shared/text.ts';
import type { ToolScope } from '../../ports.ts';
import { targetPath } from '../paths.ts';
import { defineTool, type Prepared, refuse } from '../tool.ts';
import { applyInTime, editTerms } from './edit-work.ts';
import { planFileChange, recoverFileChange, refuseUnread } from './file-change.ts';
import type { Edit } from './matching/apply-edit.ts';
import type { EditsApplied } from './matching/apply-edits.ts';
import { readTextFile } from './text-file.ts';

const DESCRIPTION = `Makes several replacements in one file with one question to the user.

The edits are applied in order, each on the outcome of those before it, under the rules of edit. An edit that does not apply is reported and the others are still made. Only the first may have an empty old_string, which creates the file.`;

const MAX_FAILED_CHARS = 500;

const Input = z.strictObject({
  file_path: z.string().min(1).describe('The file, absolute or relative to the workspace'),
  edits: z
    .array(
      z.strictObject({
        old_string: z.string().describe('The text to be replaced'),
        new_string: z.string().describe('The text to put in its place'),
        replace_all: z.boolean().optional().describe('Replace every occurrence (default false)'),
      }),
    )
    .min(1)
    .max(200)
    .describe('The replacements, in order'),
});
type Input = z.infer<typeof Input>;

export const multieditTool = defineTool({
  name: 'multiedit',
  description: DESCRIPTION,
  input: Input,
  prepare: prepareMultiedit,
  async recover(input, scope, journal) {
    const found = await recoverFileChange(scope, await targetPath(scope, input.file_path), journal);
    return found === 'not_done' ? prepareMultiedit(input, scope) : found;
  },
});

interface FailedEdit {
  /** From 1. */
  index: number;
  error: string;
  edit: Edit;
}

async function prepareMultiedit(input: Input, scope: ToolScope): Promise<Prepared> {
  const path = await targetPath(scope, input.file_path);
  const terms = editTerms(scope);
  const file = await readTextFile(scope.workspace, path, scope.signal);
  const creates = input.edits[0]?.old_string === '';
  if (creates && file) return refuse(`The file exists already: ${path}`);
  if (!creates && !file) return refuse(`File not found: ${path}`);
  const unread = file ? await refuseUnread(scope, path, file) : null;
  if (unread) return unread;

  const applied = await applyInTime(scope, terms, { text: file?.text ?? '', edits: input.edits, creates });
  if (typeof applied === 'string') return refuse(`${applied}: ${path}`);
  const { text } = applied;
  const failed = failedEdits(applied.failed, input.edits);
  const total = input.edits.length;
  const metadata = {
    edits_applied: total - failed.length,
    ...(failed.length > 0 ? { edits_failed: failed } : {}),
  };
  if (failed.length === total) {
    return refuse(`None of the ${total} edits applied to ${path}:\n${listFailures(failed)}`, metadata);
  }
  if (file && text === file.text) return refuse(`The edits change nothing: ${path}`, metadata);
  return planFileChange(scope, terms, {
    tool: 'multiedit',
    path,
    before: file,
    after: text,
    message: describeOutcome(path, total, failed, creates),
    metadata,
  });
}

function failedEdits(failed: EditsApplied['failed'], edits: readonly Edit[]): FailedEdit[] {
  return failed.flatMap(({ at, error }) => {
    const edit = edits[at];
    return edit ? [{ index: at + 1, error, edit: shortened(edit) }] : [];
  });
}

/** Enough to know which edit it was; the whole is in the call. */
function shortened(edit: Edit): Edit {
  const { old_string, new_string } = edit;
  return {
    ...edit,
    old_string: truncate(old_string, MAX_FAILED_CHARS),
    new_string: truncate(new_string, MAX_FAILED_CHARS),
  };
}

function describeOutcome(
  path: string,
  total: number,
  failed: readonly FailedEdit[],
  created: boolean,
): string {
  if (failed.length > 0) {
    return `Applied ${total - failed.length} of ${total} edits to file: ${path} (${failed.length} failed)\n${listFailures(failed)}`;
  }
  return created ? `File created with ${total} edits: ${path}` : `Applied ${total} edits to file: ${path}`;
}

function listFailures(failed: readonly FailedEdit[]): string {
  return failed.map(({ index, error }) => `Edit ${index}: ${error}`).join('\n');
}
