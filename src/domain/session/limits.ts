/** What a session keeps in sum: its messages and what its files were. */
export const MAX_SESSION_CHARS = 256 * 1024 * 1024;
/** What one turn may add to that. */
export const MAX_TURN_CHARS = 64 * 1024 * 1024;

export const SESSION_FULL = 'This session has reached its size limit; go on in a new session';
