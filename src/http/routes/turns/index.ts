import { z } from 'zod';
import { DomainError } from '#domain/errors.ts';
import { parseInput } from '#domain/parse-input.ts';
import { answerPermission, PermissionDecision } from '#domain/permission/index.ts';
import { ImageReference } from '#domain/protocol/index.ts';
import {
  cancelSession,
  listQueue,
  MAX_PROMPT_IMAGES,
  removeQueued,
  submitPrompt,
  toQueuedPromptView,
} from '#domain/turn/index.ts';
import type { HttpDeps } from '../../deps.ts';
import { accepted, JSON_BODY_LIMIT, ok, type Route } from '../../kit/route.ts';

/** A prompt of the largest size, with room for its escapes. */
const PROMPT_LIMIT = 2 * JSON_BODY_LIMIT;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

const PromptRequest = z.object({
  content: z.string(),
  images: z.array(ImageReference).max(MAX_PROMPT_IMAGES).nullish(),
});
const DecisionRequest = z.object({ decision: PermissionDecision });

export function turnRoutes(deps: Pick<HttpDeps, 'promptLimits'>): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/sessions/:id/messages',
      access: 'user',
      bodyLimit: PROMPT_LIMIT,
      async handle({ ctx, param, body, header }) {
        const { content, images } = parseInput(PromptRequest, body);
        const prompt = {
          sessionId: param('id'),
          content,
          images: images ?? undefined,
          idempotencyKey: readIdempotencyKey(header('idempotency-key')),
        };
        const { messageId, turnId } = await submitPrompt(ctx, prompt, deps.promptLimits);
        return accepted({ message_id: messageId, turn_id: turnId });
      },
    },
    {
      method: 'GET',
      path: '/api/sessions/:id/queue',
      access: 'user',
      handle: async ({ ctx, param }) => ok((await listQueue(ctx, param('id'))).map(toQueuedPromptView)),
    },
    {
      method: 'DELETE',
      path: '/api/sessions/:id/queue/:turnId',
      access: 'user',
      async handle({ ctx, param }) {
        await removeQueued(ctx, { sessionId: param('id'), turnId: param('turnId') });
        return ok({ success: true });
      },
    },
    {
      method: 'POST',
      path: '/api/sessions/:id/cancel',
      access: 'user',
      async handle({ ctx, param }) {
        await cancelSession(ctx, param('id'));
        return accepted({ success: true });
      },
    },
    {
      method: 'POST',
      path: '/api/sessions/:id/permissions/:requestId',
      access: 'user',
      bodyLimit: JSON_BODY_LIMIT,
      async handle({ ctx, param, body }) {
        const { decision } = parseInput(DecisionRequest, body);
        await answerPermission(ctx, { sessionId: param('id'), requestId: param('requestId'), decision });
        return accepted({ success: true });
      },
    },
  ];
}

function readIdempotencyKey(text: string | undefined): string | undefined {
  if (text === undefined || IDEMPOTENCY_KEY.test(text)) return text;
  throw new DomainError('invalid_input', 'Idempotency-Key: 1 to 128 printable characters without blanks');
}
