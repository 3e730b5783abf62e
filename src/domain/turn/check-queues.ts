import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';

export const MAX_QUEUED_PER_SESSION = 50;
export const MAX_QUEUED = 1000;
const OVERLOADED_RETRY_SECONDS = 5;

export interface SubmitPromptLimits {
  maxQueuedPerSession?: number;
  maxQueued?: number;
}

/** Counted after the insertion, which is serialized per session; throwing takes it back. */
export async function checkQueues(
  ctx: Context<'turns'>,
  sessionId: string,
  { maxQueuedPerSession = MAX_QUEUED_PER_SESSION, maxQueued = MAX_QUEUED }: SubmitPromptLimits,
): Promise<void> {
  const { ofSession, all } = await ctx.repositories.turns.countQueued(sessionId);
  if (ofSession > maxQueuedPerSession) {
    throw new DomainError('queue_full', `This session already has ${maxQueuedPerSession} queued prompts`);
  }
  if (all > maxQueued) {
    throw new DomainError('overloaded', 'Too many prompts are waiting; try again shortly', {
      retryAfterSeconds: OVERLOADED_RETRY_SECONDS,
    });
  }
}
