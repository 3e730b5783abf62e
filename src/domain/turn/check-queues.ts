import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';

export const MAX_QUEUED_PER_SESSION = 50;
export const MAX_QUEUED_PER_USER = 100;
export const MAX_QUEUED = 1000;
const OVERLOADED_RETRY_SECONDS = 5;

export interface SubmitPromptLimits {
  maxQueuedPerSession?: number;
  maxQueuedPerUser?: number;
  maxQueued?: number;
}

/** Counted after the insertion, which is serialized per user; throwing takes it back. */
export async function checkQueues(
  ctx: Context<'turns'>,
  turn: { sessionId: string; userId: string },
  limits: SubmitPromptLimits,
): Promise<void> {
  const { maxQueuedPerSession = MAX_QUEUED_PER_SESSION, maxQueuedPerUser = MAX_QUEUED_PER_USER } = limits;
  const { maxQueued = MAX_QUEUED } = limits;
  const { ofSession, ofUser, all } = await ctx.repositories.turns.countQueued(turn);
  if (ofSession > maxQueuedPerSession) {
    throw new DomainError('queue_full', `This session already has ${maxQueuedPerSession} queued prompts`);
  }
  if (ofUser > maxQueuedPerUser) {
    throw new DomainError(
      'queue_full',
      `You already have ${maxQueuedPerUser} prompts waiting in your sessions; wait until some have ended`,
    );
  }
  if (all > maxQueued) {
    throw new DomainError('overloaded', 'Too many prompts are waiting; try again shortly', {
      retryAfterSeconds: OVERLOADED_RETRY_SECONDS,
    });
  }
}
