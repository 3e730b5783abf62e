/** A durable event: a row of the same transaction as its fact, appended to the log after the commit. */
export interface OutboxEvent {
  /** UUIDv7; also the log's de-duplication id. */
  id: string;
  sessionId: string;
  body: string;
  createdAt: number;
}

export interface OutboxRepository {
  add(event: OutboxEvent): Promise<void>;
  /** Rows older than `olderThan`, in the order in which they were added, locked with SKIP LOCKED. Only inside a transaction. */
  take(olderThan: number, limit: number): Promise<OutboxEvent[]>;
  remove(ids: readonly string[]): Promise<void>;
}
