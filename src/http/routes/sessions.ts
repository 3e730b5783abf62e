import { listMessages, toMessageView } from '#domain/message/index.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import { createSession, getSessionConfig, setSessionConfig, toSessionView } from '#domain/session/index.ts';
import { getToolCall, listOpenToolCalls, listToolCalls, toToolCallView } from '#domain/toolcall/index.ts';
import { deleteSession, getSessionStatus } from '#domain/turn/index.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';
import { nextCursorHeader } from './page-reply.ts';

type SessionRouteDeps = Pick<
  HttpDeps,
  'catalogue' | 'secrets' | 'autoModel' | 'eventLog' | 'maxSessionsPerUser'
>;

export function sessionRoutes(deps: SessionRouteDeps): Route[] {
  return [
    route(API.sessions.createSession, async ({ ctx, body }) =>
      ok(toSessionView(await createSession(deps, ctx, body))),
    ),
    route(API.sessions.deleteSession, async ({ ctx, params }) => {
      await deleteSession(deps, ctx, params.id);
      return ok({ message: 'Session deleted' });
    }),
    route(API.sessions.getSessionStatus, async ({ ctx, params }) =>
      ok(await getSessionStatus(ctx, params.id)),
    ),
    route(API.sessions.getSessionConfig, async ({ ctx, params }) =>
      ok(await getSessionConfig(deps, ctx, params.id)),
    ),
    route(API.sessions.setSessionConfig, async ({ ctx, params, body }) =>
      ok(await setSessionConfig(deps, ctx, { sessionId: params.id, request: body })),
    ),
    ...contentRoutes(deps),
  ];
}

function contentRoutes(deps: Pick<HttpDeps, 'eventLog'>): Route[] {
  return [
    route(API.sessions.listMessages, async ({ ctx, params, query }) => {
      const { messages, next } = await listMessages(deps, ctx, { sessionId: params.id, ...query });
      return ok(messages.map(toMessageView), nextCursorHeader(next));
    }),
    route(API.sessions.listToolCalls, async ({ ctx, params, query }) => {
      const { calls, next } = await listToolCalls(ctx, { sessionId: params.id, ...query });
      return ok(calls.map(toToolCallView), nextCursorHeader(next));
    }),
    route(API.sessions.listOpenToolCalls, async ({ ctx, params }) =>
      ok((await listOpenToolCalls(ctx, params.id)).map(toToolCallView)),
    ),
    route(API.sessions.getToolCall, async ({ ctx, params }) =>
      ok(toToolCallView(await getToolCall(ctx, { sessionId: params.id, toolCallId: params.toolCallId }))),
    ),
  ];
}
