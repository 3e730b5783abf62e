export const MAX_IGNORE_FILE_BYTES = 256 * 1024;
/** Of one ignore file, and characters of one of them. */
export const MAX_IGNORE_RULES = 1000;
export const MAX_IGNORE_RULE_CHARS = 1024;
/** Ignore files, one below the other, that hold for one path; those further down do not count. */
export const MAX_IGNORE_FILES = 8;
