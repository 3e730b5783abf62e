/** Hints between processes. Delivery is not promised: whoever listens also looks at Postgres now and then. */
export interface BusMessages {
  /** A turn may be claimable. */
  turn_queued: { sessionId: string };
  /** The session's running turn has been asked to stop. */
  turn_cancel: { sessionId: string };
  /** Sockets of this user (or of one login) must be closed. */
  access_revoked: { userId: string; loginSessionId?: string; reason: 'logout' | 'revoked' };
  /** A session or project was deleted: unbind its sockets. */
  session_deleted: { sessionId: string };
  /** What a process runs for the project ends. */
  project_deleted: { projectId: string };
}
export type BusTopic = keyof BusMessages;

export interface Bus {
  publish<T extends BusTopic>(topic: T, message: BusMessages[T]): Promise<void>;
  subscribe<T extends BusTopic>(topic: T, listener: (message: BusMessages[T]) => void): () => void;
  close(): Promise<void>;
}
