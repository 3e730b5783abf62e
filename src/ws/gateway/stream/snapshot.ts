import type { Context } from '#domain/context.ts';
import { type Cursor, type EventLog, formatCursor, parseCursor } from '#domain/events/index.ts';
import { addStreamedText, type Message, toMessageView } from '#domain/message/index.ts';
import { toPermissionRequestView } from '#domain/permission/index.ts';
import type { SessionFrame } from '#domain/protocol/index.ts';
import { getOwnedSession, type SessionStatus, summarizeTodos, toSessionView } from '#domain/session/index.ts';
import { toToolCallView } from '#domain/toolcall/index.ts';
import { readSessionStatus } from '#domain/turn/index.ts';
import { sleep } from '#shared/async/sleep.ts';

/** As many as a log keeps, with what its approximate trimming leaves. */
const MAX_EVENTS = 5000;
const MAX_CHARS = 16 * 1024 * 1024;
const RECENT_MESSAGES = 8;
const RECENT_MS = 60_000;
const RECENT_CHARS = 256 * 1024;
/** Together longer than the interval in which a writer stores its text. */
const RETRY_DELAYS_MS = [20, 80, 200, 400, 800, 1000];

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
 * database, then the deltas between each row and the position. A message whose text cannot be proven complete
 * up to the position is waited for, since its writer stores it every other second, and then left out: its
 * next `message` event tells all.
 */
export async function buildSnapshot(
  ctx: SnapshotContext,
  log: EventLog,
  sessionId: string,
  retryDelaysMs: readonly number[] = RETRY_DELAYS_MS,
): Promise<Snapshot> {
  for (let attempt = 0; ; attempt++) {
    const position = await log.head(sessionId);
    const facts = await loadFacts(ctx, sessionId);
    const streamed = await addStreamedText(log, {
      sessionId,
      position,
      messages: facts.messages,
      maxEvents: MAX_EVENTS,
      maxChars: MAX_CHARS,
    });
    const found = streamed?.messages ?? [];
    const delay = retryDelaysMs[attempt];
    if (delay !== undefined && (!streamed || found.some(({ evidence }) => evidence !== 'proven'))) {
      await sleep(delay);
      continue;
    }
    const messages = found.filter(({ evidence }) => evidence !== 'torn').map(({ message }) => message);
    return {
      position: streamed?.position ?? position,
      frames: toFrames(sessionId, messages, facts),
      status: facts.status,
      messages: messages.length,
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

/**
 * Messages that ended a short while ago: their last event may have been lost with an epoch, and who was attached
 * then still has them open. One that ended after the position is told by its own event.
 */
export async function justFinished(
  ctx: SnapshotContext,
  sessionId: string,
  position: Cursor,
): Promise<SessionFrame[]> {
  const rows = await ctx.repositories.messages.list(sessionId, { limit: RECENT_MESSAGES });
  const since = ctx.clock.now() - RECENT_MS;
  const frames: SessionFrame[] = [];
  let chars = 0;
  for (const row of rows.reverse()) {
    const applied = parseCursor(row.appliedCursor);
    const isLater = applied?.epoch === position.epoch && applied.seq > position.seq;
    if (row.role === 'user' || row.finishedAt === null || row.finishedAt < since || isLater) continue;
    const frame: SessionFrame = { Type: 'message', session_id: sessionId, ...toMessageView(row) };
    chars += JSON.stringify(frame).length;
    if (chars > RECENT_CHARS) break;
    frames.unshift(frame);
  }
  return frames;
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
