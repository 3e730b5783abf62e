import { within } from '#shared/async/within.ts';
import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { EventLog } from '../events/event-log.ts';
import { MAX_PAGE_SIZE } from '../page.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import { MAX_PAGE_CHARS } from './limits.ts';
import type { Message } from './message.ts';
import { addStreamedText } from './streamed-text.ts';

const LOG_PATIENCE_MS = 1_000;
/** More than a writer lets its rows lag behind. */
const MAX_EVENTS = 2_000;
const MAX_CHARS = 4 * 1024 * 1024;

export interface ListMessagesDeps {
  eventLog: Pick<EventLog, 'head' | 'read'>;
}

export interface MessagePage {
  /** In order. */
  messages: Message[];
  /** The `before` of the page of older messages; null when there are none. */
  next: string | null;
}

/**
 * The last `limit` messages of a session before the message `before`, as many as have some megabytes. An unfinished
 * one has its text up to the log's head; where the log cannot tell, its row as it is.
 */
export async function listMessages(
  deps: ListMessagesDeps,
  ctx: Context<'sessions' | 'messages'>,
  input: { sessionId: string; limit?: number; before?: string },
): Promise<MessagePage> {
  const page = await readPage(ctx, input);
  return { ...page, messages: await upToDate(deps.eventLog, input.sessionId, page.messages) };
}

async function readPage(
  ctx: Context<'sessions' | 'messages'>,
  input: { sessionId: string; limit?: number; before?: string },
): Promise<MessagePage> {
  const session = await getOwnedSession(ctx, input.sessionId);
  const { limit = MAX_PAGE_SIZE, before } = input;
  if (before !== undefined) await checkCursor(ctx, session.id, before);
  const page = { limit, before, maxChars: MAX_PAGE_CHARS };
  const { messages, more } = await ctx.repositories.messages.page(session.id, page);
  return { messages, next: more ? (messages[0]?.id ?? null) : null };
}

async function upToDate(
  log: ListMessagesDeps['eventLog'],
  sessionId: string,
  rows: Message[],
): Promise<Message[]> {
  const unfinished = rows.filter(({ finishedAt }) => finishedAt === null);
  if (unfinished.length === 0) return rows;
  async function read() {
    const position = await log.head(sessionId);
    const limits = { maxEvents: MAX_EVENTS, maxChars: MAX_CHARS };
    return addStreamedText(log, { sessionId, position, messages: unfinished, ...limits });
  }
  const found = await within(read(), LOG_PATIENCE_MS, () => null).catch(() => null);
  const newer = new Map(found?.messages.map(({ message }) => [message.id, message]));
  return rows.map((row) => newer.get(row.id) ?? row);
}

async function checkCursor(ctx: Context<'messages'>, sessionId: string, before: string): Promise<void> {
  const message = isId(before) ? await ctx.repositories.messages.get(before) : null;
  if (message?.sessionId === sessionId) return;
  throw new DomainError('invalid_input', 'before: no message of this session', { field: 'before' });
}
