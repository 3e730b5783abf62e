import { newId } from '#shared/ids.ts';
import type { SessionFrame } from '../protocol/session-frames.ts';
import type { OutboxRepository } from './outbox.ts';

/**
 * Puts a durable event into the outbox of the running transaction. `id` makes an event unique that may be
 * emitted by more than one process (the terminal event of a turn).
 */
export async function emit(
  ctx: { repositories: { outbox: OutboxRepository }; clock: { now(): number } },
  frame: SessionFrame,
  id: string = newId(),
): Promise<void> {
  await ctx.repositories.outbox.add({
    id,
    sessionId: frame.session_id,
    body: JSON.stringify(frame),
    createdAt: ctx.clock.now(),
  });
}
