import { z } from 'zod';
import { DecisionRequest, PromptRequest } from '../requests/prompt.ts';
import { AcceptedPrompt, AcceptedTurn, QueuedPromptView } from '../views/prompt.ts';
import { PermissionRequestId, SessionId, TurnId } from './common/ids.ts';
import { Done } from './common/page.ts';
import { endpoint, JSON_BODY_LIMIT } from './endpoint.ts';

const params = z.object({ id: SessionId });

export const turns = {
  submitPrompt: endpoint({
    method: 'POST',
    path: '/api/sessions/:id/messages',
    access: 'user',
    summary: 'Starts or queues a turn.',
    params,
    headers: z.object({
      'Idempotency-Key': z
        .string()
        .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 printable characters without blanks')
        .optional()
        .describe('the same key with the same prompt is one turn'),
    }),
    body: PromptRequest,
    /** A prompt of the largest size, with room for its escapes. */
    bodyLimit: 2 * JSON_BODY_LIMIT,
    replies: { 202: AcceptedPrompt },
    errors: ['not_found', 'conflict', 'idempotency_mismatch', 'queue_full', 'overloaded'],
  }),

  listQueue: endpoint({
    method: 'GET',
    path: '/api/sessions/:id/queue',
    access: 'user',
    summary: 'The prompts that wait, oldest first.',
    params,
    replies: { 200: z.array(QueuedPromptView) },
    errors: ['not_found'],
  }),

  removeQueued: endpoint({
    method: 'DELETE',
    path: '/api/sessions/:id/queue/:turnId',
    access: 'user',
    summary: 'Takes one prompt out of the queue.',
    params: params.extend({ turnId: TurnId }),
    replies: { 200: Done },
    errors: ['not_found', 'conflict'],
  }),

  cancelSession: endpoint({
    method: 'POST',
    path: '/api/sessions/:id/cancel',
    access: 'user',
    summary: 'Cancels the running turn and clears the queue.',
    params,
    replies: { 202: Done },
    errors: ['not_found'],
  }),

  summarizeSession: endpoint({
    method: 'POST',
    path: '/api/sessions/:id/summarize',
    access: 'user',
    summary:
      'Queues a turn that puts a summary in the place of the history. Refused while another turn is unfinished, or when nothing has come since the last summary.',
    params,
    replies: { 202: AcceptedTurn },
    errors: ['not_found', 'conflict', 'overloaded'],
  }),

  answerPermission: endpoint({
    method: 'POST',
    path: '/api/sessions/:id/permissions/:requestId',
    access: 'user',
    summary: 'Answers a permission request; the first answer wins.',
    params: params.extend({ requestId: PermissionRequestId }),
    body: DecisionRequest,
    replies: { 202: Done },
    errors: ['not_found', 'permission_settled'],
  }),
};
