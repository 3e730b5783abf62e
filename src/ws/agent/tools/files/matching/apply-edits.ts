import { type Applied, applyEdit, type Edit } from './apply-edit.ts';

export interface EditJob {
  text: string;
  edits: readonly Edit[];
  /** The first edit is the content of a new file. */
  creates: boolean;
}

export interface EditsApplied {
  text: string;
  /** `at`: from 0. */
  failed: Array<{ at: number; error: string }>;
  notes: string[];
}

/** Below this an edit takes some milliseconds at most, whatever it holds. */
const SMALL_CHARS = 48 * 1024;

/** Each edit on the outcome of those before it; one that does not apply is left out. */
export function applyEdits({ text, edits, creates }: EditJob): EditsApplied {
  const outcome: EditsApplied = { text, failed: [], notes: [] };
  for (const [at, edit] of edits.entries()) {
    const applied: Applied =
      creates && at === 0 ? { ok: true, text: edit.new_string } : applyEdit(outcome.text, edit);
    if (applied.ok) {
      outcome.text = applied.text;
      if (applied.note) outcome.notes.push(applied.note);
    } else outcome.failed.push({ at, error: applied.error });
  }
  return outcome;
}

/** Whether it may be done in the event loop. */
export function isSmallJob({ text, edits }: EditJob): boolean {
  let chars = text.length;
  for (const { old_string, new_string } of edits) chars += old_string.length + new_string.length;
  return chars * edits.length <= SMALL_CHARS;
}
