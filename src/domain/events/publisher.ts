import type { StreamDelta } from '../protocol/session-frames.ts';
import type { Cursor } from './event-log.ts';
import type { OutboxEvent } from './outbox.ts';

/** A delta on its way to the log; `body` is made after merging. */
export type Delta = Omit<StreamDelta, 'Type' | 'timestamp'>;

/**
 * Carries events of this process to the log, in order per session, without waiting of the caller.
 * Durable events leave the outbox once the log has them; deltas of one part merge while an append is in flight.
 */
export interface EventPublisher {
  /** What has been committed, or live output that never is. With a fence when they come from a turn's owner. */
  publish(events: readonly OutboxEvent[], fence?: number): void;
  delta(delta: Delta, fence: number): void;
  /** What is shown and not kept: no row of the outbox, no id that the log remembers. */
  show(event: Pick<OutboxEvent, 'sessionId' | 'body'>, fence: number): void;
  /**
   * Resolves when all that was given for this session so far is in the log, with the position of the last event
   * (null when nothing of this process was ever appended). Throws `stale_fence` when an append with this
   * session's fence was refused.
   */
  flush(sessionId: string): Promise<Cursor | null>;
  /** Position of the last event of this process that the log confirmed. */
  confirmed(sessionId: string): Cursor | null;
  /** True while so much is held back that a producer should await `flush`. */
  congested(sessionId: string): boolean;
  /** Stops timers after a last attempt to drain within `timeoutMs`. */
  close(timeoutMs?: number): Promise<void>;
}
