import { parseCursor } from '#domain/protocol/cursor.ts';
import type { ConversationState } from './conversation-state.ts';

type Position = Pick<ConversationState, 'cursor' | 'ahead'>;

/** More holes than this are none that will be filled. */
const MAX_AHEAD = 1000;
const NONE: ReadonlySet<number> = new Set();

/** The position after an event; null when the event was applied before. */
export function advance({ cursor, ahead }: Position, streamId: string | undefined): Position | null {
  const at = parseCursor(streamId);
  if (!at || !streamId) return { cursor, ahead };
  const seen = parseCursor(cursor);
  if (seen?.epoch !== at.epoch) return { cursor: streamId, ahead: NONE };
  if (at.seq <= seen.seq || ahead.has(at.seq)) return null;
  if (at.seq === seen.seq + 1 && ahead.size === 0) return { cursor: streamId, ahead };
  return close(seen, new Set(ahead).add(at.seq));
}

/** Where an attach says that the client stands now. */
export function attachedAt(before: Position, lastStreamId: string, resumed: boolean): Position {
  const to = parseCursor(lastStreamId);
  if (!to) return before;
  const seen = parseCursor(before.cursor);
  const isBehind = resumed && seen?.epoch === to.epoch && to.seq < seen.seq;
  return isBehind ? before : { cursor: lastStreamId, ahead: NONE };
}

/** Moves the cursor over all that follows it without a hole. */
function close({ epoch, seq }: { epoch: string; seq: number }, ahead: Set<number>): Position {
  let reached = ahead.size > MAX_AHEAD ? Math.max(...ahead) : seq;
  while (ahead.delete(reached + 1)) reached += 1;
  for (const number of ahead) if (number <= reached) ahead.delete(number);
  return { cursor: `${epoch}-${reached}`, ahead };
}
