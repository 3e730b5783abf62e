/** Bytes of one answer on the wire. */
export const MAX_STREAM_BYTES = 128 * 1024 * 1024;
/** Of one event, which is parsed at once. */
export const MAX_EVENT_CHARS = 4 * 1024 * 1024;
/** Of the body of a refusal. */
export const MAX_ERROR_BODY_BYTES = 64 * 1024;
