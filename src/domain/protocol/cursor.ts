/** A position in one session's log. */
export interface Cursor {
  epoch: string;
  /** From 1; 0 is the position before the first event. */
  seq: number;
}

export function formatCursor(cursor: Cursor): string {
  return `${cursor.epoch}-${cursor.seq}`;
}

const CURSOR = /^([A-Za-z0-9_-]{16})-(0|[1-9]\d{0,14})$/;

/** Null for anything that this system cannot have issued. */
export function parseCursor(text: unknown): Cursor | null {
  const match = typeof text === 'string' ? CURSOR.exec(text) : null;
  return match?.[1] && match[2] ? { epoch: match[1], seq: Number(match[2]) } : null;
}
