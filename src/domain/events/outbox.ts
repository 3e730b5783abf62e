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
  /** Rows that are older than this by the database's clock, in the order in which they were added, locked with SKIP LOCKED. Only inside a transaction. */
  take(minAgeMs: number, limit: number): Promise<OutboxEvent[]>;
  remove(ids: readonly string[]): Promise<void>;
}
