import { type Cursor, formatCursor, parseCursor } from '../protocol/cursor.ts';

export { type Cursor, formatCursor, parseCursor };

/** An event to append: `body` is the JSON text of the frame's object, without `_streamId`. */
export interface NewEvent {
  /** Present on durable events: the log drops an id that it has seen. */
  id?: string;
  body: string;
}

export interface SessionEvent {
  cursor: Cursor;
  body: string;
}

export interface Appended {
  epoch: string;
  /** One per event; null where the id had been seen. */
  seqs: Array<number | null>;
}

export type ReadResult =
  | { ok: true; events: SessionEvent[] }
  | { ok: false; reason: 'other_epoch' | 'trimmed' | 'ahead' };

/** What a subscriber hears: an event, or that it must look at the log itself (subscription restored, other epoch). */
export type LogSignal = { kind: 'event'; event: SessionEvent } | { kind: 'resync' };

/**
 * The ordered log of each session. Writers give a fence (the lease's token) for all that a turn produces;
 * an append with a fence below the highest one seen throws `stale_fence`. When the store is out of reach,
 * every call throws `unavailable`.
 */
export interface EventLog {
  /**
   * `batch` (`<writer>.<number>`, growing) marks a fenced writer's append so that it may be repeated after an
   * unclear failure: the log answers a number that it has seen without appending again.
   */
  append(sessionId: string, events: readonly NewEvent[], fence?: number, batch?: string): Promise<Appended>;
  /** Raises the fence to a new owner's token. `newEpoch` when the hand-off was not clean. */
  takeOver(sessionId: string, fence: number, newEpoch: boolean): Promise<Cursor>;
  /**
   * Begins a new epoch under this fence even if a higher one was seen: for the holder of the lease, as the database
   * says at this moment, when the database has been put back to an earlier state than the log's.
   */
  reset(sessionId: string, fence: number): Promise<Cursor>;
  /** Creates the epoch when the session has none. */
  head(sessionId: string): Promise<Cursor>;
  heads(sessionIds: readonly string[]): Promise<Map<string, Cursor>>;
  /** Events after `after`, oldest first, at most `limit`. */
  read(sessionId: string, after: Cursor, limit: number): Promise<ReadResult>;
  /** Resolves once nothing appended from now on can be missed. The listener must not throw. */
  subscribe(sessionId: string, listener: (signal: LogSignal) => void): Promise<() => void>;
  /**
   * Forgets a deleted session. Readers find another epoch; for some seconds, in which a late writer may still
   * be at work, what is appended is dropped.
   */
  remove(sessionId: string): Promise<void>;
  /** Throws `unavailable` when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
