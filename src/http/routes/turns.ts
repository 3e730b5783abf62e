import { answerPermission } from '#domain/permission/index.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import {
  cancelSession,
  listQueue,
  removeQueued,
  submitPrompt,
  summarizeSession,
  toQueuedPromptView,
} from '#domain/turn/index.ts';
import type { HttpDeps } from '../deps.ts';
import { accepted, ok, type Route, route } from '../kit/route.ts';

export function turnRoutes(deps: Pick<HttpDeps, 'promptLimits'>): Route[] {
  return [
    route(API.turns.submitPrompt, async ({ ctx, params, body, headers }) => {
      const prompt = {
        sessionId: params.id,
        content: body.content,
        images: body.images ?? undefined,
        idempotencyKey: headers['Idempotency-Key'],
      };
      const { messageId, turnId } = await submitPrompt(ctx, prompt, deps.promptLimits);
      return accepted({ message_id: messageId, turn_id: turnId });
    }),
    route(API.turns.listQueue, async ({ ctx, params }) =>
      ok((await listQueue(ctx, params.id)).map(toQueuedPromptView)),
    ),
    route(API.turns.removeQueued, async ({ ctx, params }) => {
      await removeQueued(ctx, { sessionId: params.id, turnId: params.turnId });
      return ok({ success: true });
    }),
    route(API.turns.cancelSession, async ({ ctx, params }) => {
      await cancelSession(ctx, params.id);
      return accepted({ success: true });
    }),
    route(API.turns.summarizeSession, async ({ ctx, params }) => {
      const { turnId } = await summarizeSession(ctx, params.id, deps.promptLimits);
      return accepted({ turn_id: turnId });
    }),
    route(API.turns.answerPermission, async ({ ctx, params, body }) => {
      const { id: sessionId, requestId } = params;
      await answerPermission(ctx, { sessionId, requestId, decision: body.decision });
      return accepted({ success: true });
    }),
  ];
}
