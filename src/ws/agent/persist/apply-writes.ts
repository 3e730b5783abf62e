import type { AnyContext } from '#domain/create-context.ts';
import { emit } from '#domain/events/index.ts';
import { toSessionView } from '#domain/session/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import type { Lease, Turn } from '#domain/turn/index.ts';
import type { Writes } from './plan-writes.ts';

export interface PersistDeps {
  ctx: AnyContext;
  turn: Turn;
  lease: Lease;
  /** Gives each step of the turn its number. */
  nextStepIndex(): number;
  /** A tool call's row as it is now. */
  stored(call: ToolCall): void;
  /** Stores what has been taken of the user's share. */
  charge?(tx: AnyContext): Promise<void>;
}

/** What writes need: the turn's dependencies within its transaction. */
export interface Writer extends PersistDeps {
  tx: AnyContext;
  now: number;
}

/** All at once: the connection carries them in one round trip. `last` is sent behind what the events write. */
export async function applyWrites(
  { tx, turn }: Writer,
  writes: Writes,
  last?: () => Promise<unknown>,
): Promise<void> {
  const { messages, toolCalls, steps } = tx.repositories;
  const now = tx.clock.now();
  const written = Promise.all([
    ...[...writes.changedMessages.values()].map(({ id, updatedAt, ...changed }) => {
      const { parts, appliedCursor, finishedAt, isSummary } = changed;
      return messages.setParts(id, { parts, appliedCursor, finishedAt, isSummary, now: updatedAt });
    }),
    messages.insertMany(writes.newMessages),
    toolCalls.insertMany([...writes.newCalls.values()]),
    ...writes.steps.map((write) =>
      write.kind === 'start'
        ? steps.insert(write.step)
        : steps.finish(turn.id, write.subjectId, { state: write.state, output: write.output, now }),
    ),
    ...writes.changedCalls.map(({ id, change, now: at }) => toolCalls.update(id, change, at)),
  ]);
  written.catch(() => {});
  try {
    for (const event of writes.events) {
      if (event.kind === 'frame') await emit(tx, event.frame);
      else await event.commit(tx);
    }
  } catch (error) {
    // A statement before it may be what broke the transaction.
    await written;
    throw error;
  }
  await Promise.all([written, last?.()]);
}

export async function countMessages(writer: Writer, writes: Writes): Promise<void> {
  await Promise.all([countInSession(writer, writes), writer.charge?.(writer.tx)]);
}

async function countInSession({ tx, turn }: Writer, { countedMessages, usage }: Writes): Promise<void> {
  if (countedMessages === 0 && Object.keys(usage).length === 0) return;
  const counted = { ...usage, addMessages: countedMessages };
  const session = await tx.repositories.sessions.addUsage(turn.sessionId, counted, tx.clock.now());
  await emit(tx, { Type: 'session_update', session_id: turn.sessionId, ...toSessionView(session) });
}
