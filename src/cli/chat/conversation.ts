import type { PermissionDecision } from '#domain/permission/permission.ts';
import type { PermissionRequestView } from '#domain/permission/wire.ts';
import { createSerialQueue, deferred, sleep } from '#shared/async.ts';
import { newId } from '#shared/ids.ts';
import { errorMessage } from '#shared/text.ts';
import type { ApiClient } from './api-client.ts';
import {
  applyFrame,
  applyHistory,
  beginAttach,
  type ConversationState,
  emptyConversation,
  type ReceivedFrame,
  type TurnOutcome,
} from './reducer.ts';
import { createSocketClient } from './socket-client.ts';

export interface ConversationDeps {
  api: ApiClient;
  socketUrl: URL;
  sessionId: string;
  onChange(state: ConversationState): void;
  onNotice(text: string): void;
  /** Asks once per request; the signal ends the question when someone else answered it. */
  decide(request: PermissionRequestView, signal: AbortSignal): Promise<PermissionDecision | 'cancel'>;
}

/** One session: prompts go over HTTP under an idempotency key, events come over the socket. */
export interface Conversation {
  /** Loads what is stored and attaches. Resolves with the state to begin with. */
  open(signal: AbortSignal): Promise<ConversationState>;
  /** Resolves when nothing runs in the session, which another client may have begun. */
  settle(signal: AbortSignal): Promise<void>;
  /** Resolves when the turn of this prompt is over. */
  ask(content: string, signal: AbortSignal): Promise<TurnOutcome>;
  /** Stops the running turn, if there is one. */
  cancel(): void;
  close(): Promise<void>;
}

interface RunningTurn {
  /** Null until the server accepted the prompt. */
  turnId: string | null;
  isCancelled: boolean;
  /** A snapshot replaced events that may have held the turn's end. */
  mayHaveMissedEnd: boolean;
  done(outcome: TurnOutcome): void;
}

const HISTORY_LIMIT = 100;
const LATE_END_MS = 1_000;

export function createConversation(deps: ConversationDeps): Conversation {
  const { api, sessionId } = deps;
  const stop = new AbortController();
  const askQueue = createSerialQueue();
  let state = emptyConversation(sessionId);
  let turn: RunningTurn | null = null;
  let isOpen = false;
  const idleWaiters: Array<() => void> = [];
  /** By tool call: the question's end, and the answer once there is one. */
  const questions = new Map<string, { abort: AbortController; decision?: PermissionDecision }>();

  const socket = createSocketClient({
    url: deps.socketUrl,
    sessionId,
    token: () => api.token(),
    renewToken: (signal) => api.renewToken(signal),
    cursor: () => state.cursor,
    onAttaching: () => update(beginAttach(state)),
    onFrame,
    onNotice: deps.onNotice,
  });

  function update(next: ConversationState): void {
    if (next === state) return;
    state = next;
    if (!isOpen) return;
    deps.onChange(state);
    if (!state.isRunning) for (const resolve of idleWaiters.splice(0)) resolve();
  }

  function onFrame(frame: ReceivedFrame): void {
    if (frame.Type === 'error') deps.onNotice(frame.error);
    if (frame.Type === 'notice') deps.onNotice(frame.message);
    update(applyFrame(state, frame));
    if (frame.Type === 'reconnection_status') onAttached(frame.resumed);
    if (isOpen) askOpenQuestions();
    if (frame.Type === 'generation_complete') settleTurn();
  }

  function onAttached(resumed: boolean): void {
    if (!isOpen) return;
    for (const [toolCallId, { decision }] of questions) {
      const request = state.permissions.get(toolCallId);
      if (request && decision) sendDecision(request, decision);
    }
    if (turn?.isCancelled) sendCancel();
    if (!resumed) inBackground(catchUp());
  }

  /** After a snapshot: what finished meanwhile is stored, and so is the end of the turn. */
  async function catchUp(): Promise<void> {
    if (turn) turn.mayHaveMissedEnd = true;
    const history = await api.listMessages(sessionId, HISTORY_LIMIT, stop.signal);
    update(applyHistory(state, history));
    await settleByStatus();
  }

  async function settleByStatus(): Promise<void> {
    const current = turn;
    if (!current?.turnId || !current.mayHaveMissedEnd) return;
    const { status, is_running } = await api.sessionStatus(sessionId, stop.signal);
    if (is_running || status === 'running' || status === 'waiting') return;
    await sleep(LATE_END_MS, stop.signal);
    if (turn !== current) return;
    const isKnown = status === 'completed' || status === 'cancelled' || status === 'error';
    current.done(isKnown ? { status } : { status: 'error', error: 'the end of the turn was not seen' });
  }

  function settleTurn(): void {
    if (!turn?.turnId) return;
    const outcome = state.outcomes.get(turn.turnId);
    if (outcome) turn.done(outcome);
    else inBackground(settleByStatus());
  }

  function askOpenQuestions(): void {
    for (const [toolCallId, question] of questions) {
      if (state.permissions.has(toolCallId)) continue;
      question.abort.abort();
      questions.delete(toolCallId);
    }
    for (const request of state.permissions.values()) {
      if (!questions.has(request.tool_call_id)) inBackground(putQuestion(request));
    }
  }

  async function putQuestion(request: PermissionRequestView): Promise<void> {
    const abort = new AbortController();
    const question: { abort: AbortController; decision?: PermissionDecision } = { abort };
    questions.set(request.tool_call_id, question);
    const signal = AbortSignal.any([abort.signal, stop.signal]);
    const decision = await askQueue(async () => (signal.aborted ? null : deps.decide(request, signal)));
    if (decision === null || signal.aborted) return;
    if (decision === 'cancel') {
      cancel();
      return;
    }
    question.decision = decision;
    sendDecision(request, decision);
  }

  function sendDecision(request: PermissionRequestView, decision: PermissionDecision): void {
    socket.send({
      type: 'permission_response',
      id: request.id,
      tool_call_id: request.tool_call_id,
      session_id: sessionId,
      granted: decision !== 'deny',
      denied: decision === 'deny',
      allow_for_session: decision === 'allow_session' ? true : undefined,
      tool_name: request.tool_name,
      action: request.action,
      path: request.path,
    });
  }

  const sendCancel = () => socket.send({ type: 'cancel', sessionID: sessionId });

  function cancel(): void {
    if (turn?.isCancelled) return;
    if (turn) turn.isCancelled = true;
    if (turn ? turn.turnId : state.isRunning) sendCancel();
  }

  function inBackground(task: Promise<void>): void {
    task.catch((error: unknown) => {
      if (!stop.signal.aborted) deps.onNotice(errorMessage(error));
    });
  }

  async function runTurn(content: string, signal: AbortSignal): Promise<TurnOutcome> {
    const end = deferred<TurnOutcome>();
    turn = { turnId: null, isCancelled: false, mayHaveMissedEnd: false, done: end.resolve };
    const current = turn;
    try {
      const accepted = await api.postMessage({ sessionId, content, idempotencyKey: newId() }, signal);
      current.turnId = accepted.turn_id;
      if (current.isCancelled) sendCancel();
      settleTurn();
      return await orAborted(Promise.race([end.promise, socket.failed]), signal);
    } finally {
      turn = null;
    }
  }

  return {
    async open(signal) {
      const history = await api.listMessages(sessionId, HISTORY_LIMIT, signal);
      await orAborted(socket.connect(), signal);
      state = applyHistory(state, history);
      isOpen = true;
      return state;
    },
    async settle(signal) {
      askOpenQuestions();
      if (!state.isRunning) return;
      const idle = deferred<void>();
      idleWaiters.push(idle.resolve);
      await orAborted(Promise.race([idle.promise, socket.failed]), signal);
    },
    ask: runTurn,
    cancel,
    async close() {
      stop.abort();
      await socket.close();
    },
  };
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = deferred<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
