import { listMessages, toMessageView } from '#domain/message/index.ts';
import { parseInput } from '#domain/parse-input.ts';
import {
  CreateSessionRequest,
  createSession,
  getSessionConfig,
  ModelConfigRequest,
  setSessionConfig,
  toSessionView,
} from '#domain/session/index.ts';
import { getToolCall, listToolCalls, toToolCallView } from '#domain/toolcall/index.ts';
import { deleteSession, getSessionStatus } from '#domain/turn/index.ts';
import type { HttpDeps } from '../../deps.ts';
import { JSON_BODY_LIMIT, ok, type Route } from '../../kit/route.ts';
import { nextCursorHeader, readLimit } from '../page-query.ts';

type SessionRouteDeps = Pick<HttpDeps, 'catalogue' | 'secrets' | 'autoModel' | 'eventLog'>;

export function sessionRoutes(deps: SessionRouteDeps): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/sessions',
      access: 'user',
      bodyLimit: JSON_BODY_LIMIT,
      async handle({ ctx, body }) {
        return ok(toSessionView(await createSession(deps, ctx, parseInput(CreateSessionRequest, body))));
      },
    },
    {
      method: 'DELETE',
      path: '/api/sessions/:id',
      access: 'user',
      async handle({ ctx, param }) {
        await deleteSession(ctx, param('id'));
        return ok({ message: 'Session deleted' });
      },
    },
    {
      method: 'GET',
      path: '/api/sessions/:id/status',
      access: 'user',
      async handle({ ctx, param }) {
        return ok(await getSessionStatus(ctx, param('id')));
      },
    },
    ...configRoutes(deps),
    ...contentRoutes(deps),
  ];
}

function configRoutes(deps: SessionRouteDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/sessions/:id/config',
      access: 'user',
      async handle({ ctx, param }) {
        return ok(await getSessionConfig(ctx, param('id')));
      },
    },
    {
      method: 'PUT',
      path: '/api/sessions/:id/config',
      access: 'user',
      bodyLimit: JSON_BODY_LIMIT,
      async handle({ ctx, param, body }) {
        const request = parseInput(ModelConfigRequest, body);
        return ok(await setSessionConfig(deps, ctx, { sessionId: param('id'), request }));
      },
    },
  ];
}

function contentRoutes(deps: Pick<SessionRouteDeps, 'eventLog'>): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/sessions/:id/messages',
      access: 'user',
      async handle(request) {
        const { messages, next } = await listMessages(deps, request.ctx, {
          sessionId: request.param('id'),
          limit: readLimit(request),
          before: request.query('before') || undefined,
        });
        return ok(messages.map(toMessageView), nextCursorHeader(next));
      },
    },
    {
      method: 'GET',
      path: '/api/sessions/:id/tool-calls',
      access: 'user',
      async handle({ ctx, param }) {
        return ok((await listToolCalls(ctx, { sessionId: param('id') })).map(toToolCallView));
      },
    },
    {
      method: 'GET',
      path: '/api/sessions/:id/tool-calls/pending',
      access: 'user',
      async handle({ ctx, param }) {
        return ok((await listToolCalls(ctx, { sessionId: param('id'), open: true })).map(toToolCallView));
      },
    },
    {
      method: 'GET',
      path: '/api/sessions/:id/tool-calls/:toolCallId',
      access: 'user',
      async handle({ ctx, param }) {
        const input = { sessionId: param('id'), toolCallId: param('toolCallId') };
        return ok(toToolCallView(await getToolCall(ctx, input)));
      },
    },
  ];
}
