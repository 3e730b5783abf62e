import type { Context } from '#domain/context.ts';
import { type Cursor, type EventLog, formatCursor, parseCursor } from '#domain/events/index.ts';
import { type Message, toMessageView } from '#domain/message/index.ts';
import { toPermissionRequestView } from '#domain/permission/index.ts';
import { applyDelta, type SessionFrame, type StreamDelta, summarizeTodos } from '#domain/protocol/index.ts';
import { getOwnedSession, type SessionStatus, toSessionView } from '#domain/session/index.ts';
import { toToolCallView } from '#domain/toolcall/index.ts';
import { readSessionStatus } from '#domain/turn/index.ts';

const PAGE = 500;
const MAX_ATTEMPTS = 3;
const DELTA_PREFIX = '{"Type":"stream_delta"';

export type SnapshotContext = Context<'sessions' | 'messages' | 'toolCalls' | 'permissions' | 'turns'>;

export interface Snapshot {
  /** The frames hold the effect of every event up to here; events after it follow. */
  position: Cursor;
  frames: SessionFrame[];
  status: SessionStatus;
  messages: number;
}

/**
 * What an attaching client has to know besides the finished messages. The position is read first, then the
 * database, then the deltas between each row's own stamp and the position.
 */
export async function buildSnapshot(
  ctx: SnapshotContext,
  log: EventLog,
  sessionId: string,
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    const position = await log.head(sessionId);
    const facts = await loadFacts(ctx, sessionId);
    const last = attempt === MAX_ATTEMPTS;
    const whole = await addDeltas(log, { sessionId, position, messages: facts.messages, force: last });
    // The epoch changed or rows fell behind the stream in between: look again.
    if (!whole) continue;
    return {
      position: whole.position,
      frames: toFrames(sessionId, whole.messages, facts),
      status: facts.status,
      messages: whole.messages.length,
    };
  }
}

async function loadFacts(ctx: SnapshotContext, sessionId: string) {
  const { messages, toolCalls, permissions } = ctx.repositories;
  const [session, unfinished, calls, requests, status] = await Promise.all([
    getOwnedSession(ctx, sessionId),
    messages.listUnfinished(sessionId),
    toolCalls.listOpen(sessionId),
    permissions.listPending(sessionId),
    readSessionStatus(ctx, sessionId),
  ]);
  return { session, messages: unfinished, calls, requests, status };
}

interface DeltaInput {
  sessionId: string;
  position: Cursor;
  messages: readonly Message[];
  /** Let rows stand as they are where their deltas are gone. */
  force: boolean;
}

/** Null when the deltas cannot all be had. */
async function addDeltas(
  log: EventLog,
  { sessionId, position, messages, force }: DeltaInput,
): Promise<{ position: Cursor; messages: Message[] } | null> {
  const starts = new Map<string, number>();
  for (const message of messages) {
    const applied = parseCursor(message.appliedCursor);
    // A row stamped in another epoch has all that can be known; one without a stamp has no delta yet.
    if (!applied) starts.set(message.id, 0);
    else if (applied.epoch === position.epoch) starts.set(message.id, applied.seq);
  }
  const end = Math.max(position.seq, ...starts.values());
  const reached = { epoch: position.epoch, seq: end };
  const from = Math.min(end, ...starts.values());
  if (from === end) return { position: reached, messages: [...messages] };
  const deltas = await readDeltas(log, { sessionId, from: { ...reached, seq: from }, end });
  if (!deltas) return force ? { position: reached, messages: [...messages] } : null;
  const parts = new Map(messages.map((message) => [message.id, message.parts]));
  for (const { seq, delta } of deltas) {
    const start = starts.get(delta.message_id);
    const before = parts.get(delta.message_id);
    if (before && start !== undefined && seq > start) parts.set(delta.message_id, applyDelta(before, delta));
  }
  return {
    position: reached,
    messages: messages.map((message) => ({ ...message, parts: parts.get(message.id) ?? message.parts })),
  };
}

async function readDeltas(
  log: EventLog,
  { sessionId, from, end }: { sessionId: string; from: Cursor; end: number },
): Promise<Array<{ seq: number; delta: StreamDelta }> | null> {
  const found: Array<{ seq: number; delta: StreamDelta }> = [];
  for (let after = from; after.seq < end; ) {
    const page = await log.read(sessionId, after, Math.min(PAGE, end - after.seq));
    if (!page.ok || page.events.length === 0) return null;
    for (const { cursor, body } of page.events) {
      if (body.startsWith(DELTA_PREFIX)) found.push({ seq: cursor.seq, delta: JSON.parse(body) });
      after = cursor;
    }
  }
  return found;
}

type Facts = Awaited<ReturnType<typeof loadFacts>>;

function toFrames(sessionId: string, messages: readonly Message[], facts: Facts): SessionFrame[] {
  return [
    ...messages.map(
      (message): SessionFrame => ({ Type: 'message', session_id: sessionId, ...toMessageView(message) }),
    ),
    ...facts.calls.map((call): SessionFrame => ({ Type: 'tool_call_update', ...toToolCallView(call) })),
    ...facts.requests.map(
      (request): SessionFrame => ({ Type: 'permission_request', ...toPermissionRequestView(request) }),
    ),
    { Type: 'todos_update', session_id: sessionId, ...summarizeTodos(facts.session.todos) },
    { Type: 'session_update', session_id: sessionId, ...toSessionView(facts.session) },
  ];
}

/** Events after a usable cursor up to the head; null when there are too many or some are gone. */
export async function collectMissed(
  log: EventLog,
  sessionId: string,
  limits: { after: Cursor; head: Cursor; maxEvents: number; maxChars: number },
) {
  const { after, head, maxEvents, maxChars } = limits;
  if (after.epoch !== head.epoch || after.seq > head.seq || head.seq - after.seq > maxEvents) return null;
  const events = [];
  let chars = 0;
  for (let at = after; at.seq < head.seq; ) {
    const page = await log.read(sessionId, at, Math.min(200, head.seq - at.seq));
    if (!page.ok || page.events.length === 0) return null;
    for (const event of page.events) {
      events.push(event);
      chars += event.body.length;
      at = event.cursor;
    }
    if (chars > maxChars) return null;
  }
  return events;
}

export function statusFrame(input: {
  sessionId: string;
  status: SessionStatus;
  isRunning: boolean;
  replayed: number;
  position: Cursor;
  resumed: boolean;
  reason?: string;
}) {
  return {
    Type: 'reconnection_status',
    session_id: input.sessionId,
    messages_replayed: input.replayed,
    generation_active: input.isRunning,
    session_status: input.status,
    is_running: input.isRunning,
    last_stream_id: formatCursor(input.position),
    resumed: input.resumed,
    ...(input.reason !== undefined && { reason: input.reason }),
  } as const;
}
