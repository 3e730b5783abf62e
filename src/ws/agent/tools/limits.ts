/** Of a file that tools change, and of what an edit makes of it. */
export const MAX_EDIT_BYTES = 5 * 1024 * 1024;
/** Replacements that one edit may make. */
export const MAX_REPLACEMENTS = 200_000;
/** Of a file in which lines are also looked for that differ in white space. */
export const MAX_LOOSE_CHARS = 1024 * 1024;
/** For matching and comparing in one tool call, off the event loop. */
export const CALL_WORK_MS = 1000;
/** Old and new content in sum; both go to clients, into the log and into the history of the session. */
export const MAX_SHOWN_CONTENT_BYTES = 256 * 1024;
export const MAX_SHOWN_DIFF_CHARS = 256 * 1024;
