import { canonicalJson, sha256 } from '#shared/digest.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { emit } from '../events/emit.ts';
import { newMessage } from '../message/new-message.ts';
import { sizeOfParts } from '../message/size.ts';
import { toMessageView } from '../message/wire.ts';
import { type ImageReference, MAX_PROMPT_IMAGES } from '../protocol/requests/prompt.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import { MAX_SESSION_CHARS, SESSION_FULL } from '../session/limits.ts';
import { toSessionView } from '../session/wire.ts';
import { checkQueues, type SubmitPromptLimits } from './check-queues.ts';
import { enqueueTurn } from './enqueue-turn.ts';
import { newTurn } from './new-turn.ts';
import { emitStatus, readSessionStatus } from './session-status.ts';
import type { Turn } from './turn.ts';

export const MAX_PROMPT_BYTES = 1024 * 1024;

export interface SubmitPromptInput {
  sessionId: string;
  content: string;
  images?: readonly ImageReference[];
  /** Unique per session: the same key with the same prompt is one turn. */
  idempotencyKey?: string;
}

export interface SubmittedPrompt {
  turnId: string;
  messageId: string;
  /** False: this prompt had been submitted before. */
  created: boolean;
}

/**
 * Queues a turn and stores the user's message, in one transaction.
 * Throws `not_found`, `invalid_input`, `idempotency_mismatch`, `queue_full` or `overloaded`.
 */
export async function submitPrompt(
  ctx: Context<'users' | 'sessions' | 'turns' | 'messages' | 'outbox'>,
  given: SubmitPromptInput,
  limits: SubmitPromptLimits = {},
): Promise<SubmittedPrompt> {
  checkPrompt(given);
  const input = { ...given, content: given.content.toWellFormed() };
  return ctx.transaction(async (tx) => {
    const session = await getOwnedSession(tx, input.sessionId, 'lock');
    if (session.storedChars >= MAX_SESSION_CHARS) throw new DomainError('conflict', SESSION_FULL);
    const wanted = newTurn(session, { ...keysOf(input), kind: 'prompt', now: tx.clock.now() });
    const { turn, created } = await enqueueTurn(tx, wanted);
    if (turn.promptDigest !== wanted.promptDigest) {
      throw new DomainError('idempotency_mismatch', 'This idempotency key was used with another prompt');
    }
    if (!created) return { turnId: turn.id, messageId: turn.messageId, created };
    await Promise.all([checkQueues(tx, turn, limits), storeMessage(tx, turn, input)]);
    tx.notify('turn_queued', { sessionId: turn.sessionId });
    return { turnId: turn.id, messageId: turn.messageId, created };
  });
}

function checkPrompt({ content, images = [] }: SubmitPromptInput): void {
  if (content.trim() === '' && images.length === 0) {
    throw new DomainError('invalid_input', 'The message is empty', { field: 'content' });
  }
  if (Buffer.byteLength(content) > MAX_PROMPT_BYTES) {
    throw new DomainError('invalid_input', 'The message is longer than 1 MiB', { field: 'content' });
  }
  if (content.includes('\0')) {
    throw new DomainError('invalid_input', 'The message contains a NUL character', { field: 'content' });
  }
  if (images.length > MAX_PROMPT_IMAGES) {
    throw new DomainError('invalid_input', `At most ${MAX_PROMPT_IMAGES} images`, { field: 'images' });
  }
}

function keysOf({ content, images = [], idempotencyKey }: SubmitPromptInput) {
  const promptDigest = sha256(canonicalJson({ content, images }));
  return { promptDigest, idempotencyKey: idempotencyKey ?? null };
}

async function storeMessage(
  ctx: Context<'sessions' | 'turns' | 'messages' | 'outbox'>,
  turn: Turn,
  { content, images = [] }: SubmitPromptInput,
): Promise<void> {
  const now = ctx.clock.now();
  const message = newMessage(
    {
      id: turn.messageId,
      sessionId: turn.sessionId,
      turnNumber: turn.number,
      index: 0,
      role: 'user',
      parts: [
        ...(content === '' ? [] : [{ type: 'text' as const, text: content }]),
        ...images.map((image) => ({
          type: 'image' as const,
          Path: image.url,
          MIMEType: image.mime_type,
          Data: '' as const,
        })),
      ],
    },
    now,
  );
  const { messages, sessions } = ctx.repositories;
  const [session, status] = await Promise.all([
    sessions.addUsage(turn.sessionId, { addMessages: 1, addChars: sizeOfParts(message.parts) }, now),
    readSessionStatus(ctx, turn.sessionId),
    messages.insert(message),
  ]);
  await emit(ctx, { Type: 'message', session_id: turn.sessionId, ...toMessageView(message) });
  await emit(ctx, { Type: 'session_update', session_id: turn.sessionId, ...toSessionView(session) });
  await emitStatus(ctx, turn.sessionId, status);
}
