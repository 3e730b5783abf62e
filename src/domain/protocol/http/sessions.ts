import { z } from 'zod';
import { CreateSessionRequest, ModelConfigRequest } from '../requests/session.ts';
import { MessageView } from '../views/message.ts';
import { SessionConfigView, SessionStatusView, SessionView } from '../views/session.ts';
import { ToolCallView } from '../views/tool-call.ts';
import { SessionId, ToolCallId } from './common/ids.ts';
import { NEXT_CURSOR, PageLimit } from './common/page.ts';
import { endpoint } from './endpoint.ts';

const params = z.object({ id: SessionId });

export const sessions = {
  createSession: endpoint({
    method: 'POST',
    path: '/api/sessions',
    access: 'user',
    summary: 'Makes a session in a project.',
    body: CreateSessionRequest,
    replies: { 200: SessionView },
    errors: ['not_found', 'conflict', 'unprocessable', 'limit_reached'],
  }),

  deleteSession: endpoint({
    method: 'DELETE',
    path: '/api/sessions/:id',
    access: 'user',
    summary: 'Cancels what runs, then removes the session.',
    params,
    replies: { 200: z.object({ message: z.string() }) },
    errors: ['not_found', 'conflict'],
  }),

  getSessionStatus: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/status',
    access: 'user',
    summary: 'Whether something runs, and how the last turn ended.',
    params,
    replies: { 200: SessionStatusView },
    errors: ['not_found'],
  }),

  getSessionConfig: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/config',
    access: 'user',
    summary: 'The session’s model, with a mask for its key.',
    params,
    replies: { 200: SessionConfigView },
    errors: ['not_found'],
  }),

  setSessionConfig: endpoint({
    method: 'PUT',
    path: '/api/sessions/:id/config',
    access: 'user',
    summary: 'Chooses the session’s model; turns that have started keep theirs.',
    params,
    body: ModelConfigRequest,
    replies: { 200: SessionConfigView },
    errors: ['not_found', 'conflict', 'unprocessable'],
  }),

  listMessages: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/messages',
    access: 'user',
    summary: 'The session’s last messages in order, up to some megabytes.',
    params,
    query: z.object({
      limit: PageLimit.optional(),
      before: z.string().optional().describe('X-Next-Cursor of the page after'),
    }),
    replies: { 200: z.array(MessageView) },
    replyHeaders: NEXT_CURSOR,
    errors: ['not_found'],
  }),

  listToolCalls: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/tool-calls',
    access: 'user',
    summary: 'The session’s last tool calls in order, up to some megabytes.',
    params,
    query: z.object({
      limit: PageLimit.optional(),
      before: z.string().optional().describe('X-Next-Cursor of the page after'),
    }),
    replies: { 200: z.array(ToolCallView) },
    replyHeaders: NEXT_CURSOR,
    errors: ['not_found'],
  }),

  listOpenToolCalls: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/tool-calls/pending',
    access: 'user',
    summary: 'Those that are pending, running or waiting for permission.',
    params,
    replies: { 200: z.array(ToolCallView) },
    errors: ['not_found'],
  }),

  getToolCall: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/tool-calls/:toolCallId',
    access: 'user',
    summary: 'One tool call.',
    params: params.extend({ toolCallId: ToolCallId }),
    replies: { 200: ToolCallView },
    errors: ['not_found'],
  }),
};
