import { emit } from '#domain/events/index.ts';
import { type MessagePart, toMessageView } from '#domain/message/index.ts';
import { applyDelta } from '#domain/protocol/index.ts';
import { newMessage, seedTurn } from '../postgres/records.ts';
import type { Frame, World } from './world.ts';

type Session = Awaited<ReturnType<World['newUser']>>['session'];

/** A message of a running turn, announced and streamed as a turn's owner does it. */
export async function openStream(world: World, session: Session) {
  const { repositories } = world.database;
  const turn = await seedTurn(repositories, session);
  await repositories.turns.transition(turn.id, ['queued'], 'running', { now: 1 });
  const message = newMessage(session.id, {
    turnNumber: turn.number,
    index: 1,
    role: 'assistant',
    parts: [],
    finishedAt: null,
    appliedCursor: null,
  });
  let text = '';
  let count = 0;

  async function announce(tx: World['system'], row: typeof message): Promise<void> {
    await emit(tx, { Type: 'message', session_id: session.id, ...toMessageView(row) });
  }
  await world.system.transaction(async (tx) => {
    await tx.repositories.messages.insert(message);
    await announce(tx, message);
  });
  await world.publisher.flush(session.id);

  async function store(parts: MessagePart[], finishedAt: number | null): Promise<void> {
    const cursor = await world.publisher.flush(session.id);
    const appliedCursor = cursor && `${cursor.epoch}-${cursor.seq}`;
    await world.system.transaction(async (tx) => {
      await tx.repositories.messages.setParts(message.id, { parts, appliedCursor, finishedAt, now: 5 });
      if (finishedAt !== null) await announce(tx, { ...message, parts, finishedAt });
    });
  }

  return {
    turn,
    message,
    text: () => text,
    /** Numbers, as deltas. */
    async say(words: number): Promise<void> {
      for (let n = 0; n < words; n++) {
        count += 1;
        text += `${count} `;
        const delta = { session_id: session.id, message_id: message.id, delta_type: 'text' as const };
        world.publisher.delta({ ...delta, content: `${count} ` }, 1);
        await world.publisher.flush(session.id);
      }
    },
    /** Writes the text so far into the row. */
    save: () => store([{ type: 'text', text }], null),
    finish: () =>
      store(
        [
          { type: 'text', text },
          { type: 'finish', reason: 'end_turn', time: 1 },
        ],
        6,
      ),
  };
}

/** What a client that trusts the server makes of frames: messages replace, deltas are appended. */
export function textOf(frames: readonly Frame[], messageId: string, before: MessagePart[] = []): string {
  let parts = before;
  for (const frame of frames) {
    if (frame.Type === 'message' && frame.ID === messageId) parts = frame.Parts;
    if (frame.Type === 'stream_delta' && frame.message_id === messageId) parts = applyDelta(parts, frame);
  }
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}
