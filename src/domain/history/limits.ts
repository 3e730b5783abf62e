/** Versions in one answer, and their contents in sum; what follows has a cursor. */
export const MAX_LISTED_VERSIONS = 2000;
export const MAX_HISTORY_BYTES = 8 * 1024 * 1024;
/** Of both texts together, without the lines that they begin and end with in common. */
export const MAX_COMPARED_CHARS = 2_000_000;
/** Of a diff; the rest is left out, which its last line says. */
export const MAX_DIFF_CHARS = 1024 * 1024;
/** For all diffs of one request. */
export const REQUEST_WORK_MS = 500;
