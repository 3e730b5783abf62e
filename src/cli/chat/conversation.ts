import type { ConversationState, ReceivedFrame, TurnOutcome } from '#client/conversation-state.ts';
import { createConversationStore } from '#client/store.ts';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import { newId } from '#shared/ids.ts';
import { errorMessage } from '#shared/text.ts';
import type { ApiClient } from './link/api-client.ts';
import { createSessionSocket } from './link/session-socket.ts';
import { orAborted } from './or-aborted.ts';
import type { Decide } from './view/permission-question.ts';
import { createQuestions } from './view/questions.ts';

export interface ConversationDeps {
  api: ApiClient;
  socketUrl: URL;
  sessionId: string;
  onChange(state: ConversationState): void;
  onNotice(text: string): void;
  decide: Decide;
}

/** One session: prompts go over HTTP under an idempotency key, events come over the socket. */
export interface Conversation {
  /** Loads what is stored and attaches. Resolves with the state to begin with. */
  open(signal: AbortSignal): Promise<ConversationState>;
  /** Resolves when nothing runs in the session, which another client may have begun. */
  settle(signal: AbortSignal): Promise<void>;
  /** Resolves when the turn of this prompt is over. */
  ask(content: string, signal: AbortSignal): Promise<TurnOutcome>;
  /** Resolves when a summary has taken the place of the history. */
  summarize(signal: AbortSignal): Promise<TurnOutcome>;
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
  const store = createConversationStore(sessionId);
  let turn: RunningTurn | null = null;
  let isOpen = false;
  const idleWaiters: Array<() => void> = [];

  const socket = createSessionSocket({
    api,
    url: deps.socketUrl,
    sessionId,
    cursor: () => store.state().cursor,
    onAttaching: store.attaching,
    onFrame,
    onNotice: deps.onNotice,
  });

  const questions = createQuestions({
    decide: deps.decide,
    send: socket.send,
    cancelTurn: cancel,
    onError: reportError,
  });

  store.subscribe((state) => {
    if (!isOpen) return;
    deps.onChange(state);
    if (!state.isRunning) for (const resolve of idleWaiters.splice(0)) resolve();
  });

  function onFrame(frame: ReceivedFrame): void {
    if (frame.Type === 'error') deps.onNotice(frame.error);
    if (frame.Type === 'notice') deps.onNotice(frame.message);
    store.frame(frame);
    if (frame.Type === 'reconnection_status') onAttached(frame.resumed);
    if (isOpen) questions.follow(store.state());
    if (frame.Type === 'generation_complete') settleTurn();
  }

  function onAttached(resumed: boolean): void {
    if (!isOpen) return;
    questions.resend(store.state());
    if (turn?.isCancelled) sendCancel();
    if (!resumed) inBackground(catchUp());
  }

  /** After a snapshot: what finished meanwhile is stored, and so is the end of the turn. */
  async function catchUp(): Promise<void> {
    if (turn) turn.mayHaveMissedEnd = true;
    const history = await api.listMessages(sessionId, HISTORY_LIMIT, stop.signal);
    store.history(history);
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
    const outcome = store.state().outcomes.get(turn.turnId);
    if (outcome) turn.done(outcome);
    else inBackground(settleByStatus());
  }

  const sendCancel = () => socket.send({ type: 'cancel', sessionID: sessionId });

  function cancel(): void {
    if (turn?.isCancelled) return;
    if (turn) turn.isCancelled = true;
    if (turn ? turn.turnId : store.state().isRunning) sendCancel();
  }

  function reportError(error: unknown): void {
    if (!stop.signal.aborted) deps.onNotice(errorMessage(error));
  }

  function inBackground(task: Promise<void>): void {
    task.catch(reportError);
  }

  async function runTurn(
    begin: () => Promise<{ turn_id: string }>,
    signal: AbortSignal,
  ): Promise<TurnOutcome> {
    const end = deferred<TurnOutcome>();
    turn = { turnId: null, isCancelled: false, mayHaveMissedEnd: false, done: end.resolve };
    const current = turn;
    try {
      const accepted = await begin();
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
      store.history(history);
      isOpen = true;
      return store.state();
    },
    async settle(signal) {
      questions.follow(store.state());
      if (!store.state().isRunning) return;
      const idle = deferred<void>();
      idleWaiters.push(idle.resolve);
      await orAborted(Promise.race([idle.promise, socket.failed]), signal);
    },
    ask(content, signal) {
      const prompt = { sessionId, content, idempotencyKey: newId() };
      return runTurn(() => api.postMessage(prompt, signal), signal);
    },
    summarize: (signal) => runTurn(() => api.summarize(sessionId, signal), signal),
    cancel,
    async close() {
      stop.abort();
      questions.close();
      await socket.close();
    },
  };
}
