/** Of one answer of a model. Beyond the limits for calls the rest of it is left out, beyond the others it fails. */
export const MAX_ANSWER_CALLS = 64;
export const MAX_ANSWER_TEXT_CHARS = 1024 * 1024;
export const MAX_ANSWER_REASONING_CHARS = 2 * 1024 * 1024;
/** Of one call, and of all calls of an answer. */
export const MAX_CALL_INPUT_CHARS = 1024 * 1024;
export const MAX_ANSWER_INPUT_CHARS = 4 * 1024 * 1024;
