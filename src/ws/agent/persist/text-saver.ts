import type { AnyContext } from '#domain/create-context.ts';
import { isDomainError } from '#domain/errors.ts';
import { type Cursor, type EventPublisher, formatCursor } from '#domain/events/index.ts';
import type { Message } from '#domain/message/index.ts';
import { within } from '#shared/async/within.ts';

const SAVE_INTERVAL_MS = 2000;
const SAVE_CHARS = 8192;
/** A row is written anew with all of its text: a long one is saved less often, but not less than every so many parts. */
const SAVE_SHARE = 1 / 16;
const SAVE_PARTS = 1000;
const POSITION_TIMEOUT_MS = 1000;

export interface TextSaverDeps {
  ctx: AnyContext;
  publisher: Pick<EventPublisher, 'flush' | 'confirmed' | 'congested'>;
  /** Where the log was when the turn was taken over; null when it was out of reach. */
  takenOverAt: Cursor | null;
  clock: { now(): number };
  sessionId: string;
  signal: AbortSignal;
  abortLost(): void;
}

/**
 * Keeps the text of a streaming message in its row, with a position of the log behind all of that text: whoever
 * reads on from there never sees a piece of it again.
 */
export function createTextSaver(deps: TextSaverDeps) {
  const { ctx, publisher, clock, sessionId, signal, takenOverAt } = deps;
  const before = publisher.confirmed(sessionId);
  let writing: Promise<void> = Promise.resolve();
  let saved = { messageId: '', chars: 0, at: 0, parts: 0 };
  let parts = 0;

  /** Null: unknown, since the log does not answer in time. */
  async function positionAtLeast(): Promise<Cursor | null> {
    const flushed = await within(publisher.flush(sessionId), POSITION_TIMEOUT_MS, () => 'late' as const);
    if (flushed === 'late') return null;
    // Nothing of this turn is in the log yet.
    return flushed && !isSame(flushed, before) ? flushed : takenOverAt;
  }

  async function save(message: Message, parts: Message['parts'], cursor: Cursor): Promise<void> {
    try {
      await ctx.transaction((tx) =>
        tx.repositories.messages.setParts(message.id, {
          parts,
          appliedCursor: formatCursor(cursor),
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
    positionAtLeast,
    idle: () => writing,
    async checkpoint(message: Message, read: () => Message['parts'], streamed: number): Promise<void> {
      while (publisher.congested(sessionId) && !signal.aborted) await positionAtLeast();
      const now = clock.now();
      parts += 1;
      if (saved.messageId !== message.id || streamed < saved.chars) {
        saved = { messageId: message.id, chars: 0, at: now, parts };
      }
      const fresh = streamed - saved.chars;
      if (fresh < SAVE_CHARS && now - saved.at < SAVE_INTERVAL_MS) return;
      if (fresh < streamed * SAVE_SHARE && parts - saved.parts < SAVE_PARTS) return;
      saved = { messageId: message.id, chars: streamed, at: now, parts };
      const cursor = await positionAtLeast();
      if (!cursor) return;
      const copy = read();
      writing = writing.then(() => save(message, copy, cursor));
    },
  };
}

function isSame(a: Cursor, b: Cursor | null): boolean {
  return a.epoch === b?.epoch && a.seq === b.seq;
}
