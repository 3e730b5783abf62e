import type { AnyContext } from '#domain/create-context.ts';
import { isDomainError } from '#domain/errors.ts';
import { type Cursor, type EventPublisher, formatCursor } from '#domain/events/index.ts';
import type { Message } from '#domain/message/index.ts';
import { within } from '#shared/async/within.ts';

const SAVE_INTERVAL_MS = 2000;
const SAVE_CHARS = 8192;
const SETTLE_TIMEOUT_MS = 1000;

export interface TextSaverDeps {
  ctx: AnyContext;
  publisher: Pick<EventPublisher, 'flush' | 'confirmed' | 'congested'>;
  clock: { now(): number };
  sessionId: string;
  signal: AbortSignal;
  abortLost(): void;
}

/** Keeps the text of a streaming message in its row, stamped with the position that clients have at least. */
export function createTextSaver(deps: TextSaverDeps) {
  const { ctx, publisher, clock, sessionId, signal } = deps;
  let writing: Promise<void> = Promise.resolve();
  let saved = { messageId: '', chars: 0, at: 0 };

  async function settled(): Promise<Cursor | null> {
    return await within(publisher.flush(sessionId), SETTLE_TIMEOUT_MS, () => publisher.confirmed(sessionId));
  }

  async function save(message: Message, parts: Message['parts'], cursor: Cursor | null): Promise<void> {
    const appliedCursor = cursor && formatCursor(cursor);
    try {
      await ctx.transaction((tx) =>
        tx.repositories.messages.setParts(message.id, {
          parts,
          appliedCursor,
          finishedAt: null,
          now: tx.clock.now(),
        }),
      );
    } catch (error) {
      if (isDomainError(error, 'lease_lost')) deps.abortLost();
      else ctx.log.warn({ err: error }, 'streamed text not saved');
    }
  }

  return {
    settled,
    idle: () => writing,
    async checkpoint(message: Message, parts: () => Message['parts'], streamed: number): Promise<void> {
      while (publisher.congested(sessionId) && !signal.aborted) await settled();
      const now = clock.now();
      if (saved.messageId !== message.id || streamed < saved.chars) {
        saved = { messageId: message.id, chars: 0, at: now };
      }
      if (streamed - saved.chars < SAVE_CHARS && now - saved.at < SAVE_INTERVAL_MS) return;
      saved = { messageId: message.id, chars: streamed, at: now };
      const cursor = await settled();
      const copy = parts();
      writing = writing.then(() => save(message, copy, cursor));
    },
  };
}
