import type { Message, MessagePart } from './message.ts';

export interface MessageRepository {
  /** `index` is given by the writer; (session, turn number, index) is unique. */
  insert(message: Message): Promise<void>;
  insertMany(messages: Message[]): Promise<void>;
  get(id: string): Promise<Message | null>;
  /** In order. `before`: the id of a message of this session; `limit` keeps the last ones before it. */
  list(sessionId: string, page?: { limit?: number; before?: string }): Promise<Message[]>;
  /** Like `list`, and no more than have `maxChars` in sum, but at least one. `more`: there are older ones. */
  page(
    sessionId: string,
    page: { limit: number; maxChars: number; before?: string },
  ): Promise<{ messages: Message[]; more: boolean }>;
  /** In order, from the session's summary message on (if any), up to and including the turn's own. */
  listForTurn(sessionId: string, turnNumber: number): Promise<Message[]>;
  listUnfinished(sessionId: string): Promise<Message[]>;
  setParts(
    id: string,
    update: {
      parts: MessagePart[];
      appliedCursor: string | null;
      finishedAt: number | null;
      /** Absent: as it is. */
      isSummary?: boolean;
      now: number;
    },
  ): Promise<void>;
  nextIndex(sessionId: string, turnNumber: number): Promise<number>;
  delete(id: string): Promise<void>;
}
