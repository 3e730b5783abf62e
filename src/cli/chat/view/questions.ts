import type { ConversationState } from '#client/conversation-state.ts';
import type { PermissionDecision } from '#domain/permission/permission.ts';
import type { ClientFrame } from '#domain/protocol/client-frames.ts';
import type { PermissionRequestView } from '#domain/protocol/views/permission-request.ts';
import { createSerialQueue } from '#shared/async/serial-queue.ts';
import type { Decide } from './permission-question.ts';

export interface QuestionsDeps {
  /** Asks once per request; the signal ends the question when someone else answered it. */
  decide: Decide;
  send(frame: ClientFrame): void;
  cancelTurn(): void;
  onError(error: unknown): void;
}

/** Puts the open permission questions to the user, one after another. */
export interface Questions {
  /** Begins what is new in the state and withdraws what is no longer open. */
  follow(state: ConversationState): void;
  /** Sends again the answers that the server has not confirmed. */
  resend(state: ConversationState): void;
  close(): void;
}

interface OpenQuestion {
  abort: AbortController;
  decision?: PermissionDecision;
}

export function createQuestions(deps: QuestionsDeps): Questions {
  const queue = createSerialQueue();
  /** By tool call. */
  const open = new Map<string, OpenQuestion>();

  async function put(request: PermissionRequestView, question: OpenQuestion): Promise<void> {
    const { signal } = question.abort;
    const decision = await queue(async () => (signal.aborted ? null : deps.decide(request, signal)));
    if (decision === null || signal.aborted) return;
    if (decision === 'cancel') {
      deps.cancelTurn();
      return;
    }
    question.decision = decision;
    deps.send(answerTo(request, decision));
  }

  return {
    follow(state) {
      for (const [toolCallId, question] of open) {
        if (state.permissions.has(toolCallId)) continue;
        question.abort.abort();
        open.delete(toolCallId);
      }
      for (const request of state.permissions.values()) {
        if (open.has(request.tool_call_id)) continue;
        const question = { abort: new AbortController() };
        open.set(request.tool_call_id, question);
        put(request, question).catch(deps.onError);
      }
    },
    resend(state) {
      for (const [toolCallId, { decision }] of open) {
        const request = state.permissions.get(toolCallId);
        if (request && decision) deps.send(answerTo(request, decision));
      }
    },
    close() {
      for (const question of open.values()) question.abort.abort();
      open.clear();
    },
  };
}

function answerTo(request: PermissionRequestView, decision: PermissionDecision): ClientFrame {
  return {
    type: 'permission_response',
    id: request.id,
    tool_call_id: request.tool_call_id,
    session_id: request.session_id,
    granted: decision !== 'deny',
    denied: decision === 'deny',
    allow_for_session: decision === 'allow_session' ? true : undefined,
    tool_name: request.tool_name,
    action: request.action,
    path: request.path,
  };
}
