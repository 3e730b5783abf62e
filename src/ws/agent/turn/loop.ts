import { setImmediate } from 'node:timers/promises';
import { type Message, newMessage, sizeOfParts } from '#domain/message/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { abortKind } from '../coordinator/abort.ts';
import type { CallOutcome, Change } from '../persist/changes.ts';
import { modelStep } from '../step/model-step.ts';
import { summaryStep } from '../step/summary-step.ts';
import { nextBatch, prepareCall, refusedOutcome, runPlans, unknownOutcome } from '../step/tool-step.ts';
import type { LoopEnd, LoopInput, Run } from './loop-ports.ts';
import { nextAction } from './next-action.ts';
import { commit, endAborted, endTurn, handBack } from './turn-end.ts';
import { countStored, finishOf, nextIndex, remember } from './turn-state.ts';

/**
 * Carries a turn on from whatever is stored of it until it ends, waits for an answer, or is taken away.
 * Every change passes through `hooks.commit`, before the effect that depends on it.
 */
export async function runLoop(input: LoopInput): Promise<LoopEnd> {
  const run: Run = { ...input, pending: [] };
  for (;;) {
    const end = await nextStep(run);
    if (end) return end;
    // Steps that need no answer of anybody must not keep the event loop from others.
    await setImmediate();
  }
}

async function nextStep(run: Run): Promise<LoopEnd | null> {
  const { state, limits, signal, pause } = run;
  if (signal.aborted) return endAborted(run);
  const action = nextAction(state, limits);
  switch (action.kind) {
    case 'end':
      return endTurn(run, { status: 'succeeded' });
    case 'fail':
      return endTurn(run, { status: 'failed', error: action.error, errorCode: action.errorCode });
    case 'refuse_calls':
      addResults(run, action.calls.map(refusedOutcome));
      return null;
    case 'run_tools':
      if (pause.aborted) return handBack(run);
      return toolStep(run, action.calls);
    case 'call_model':
      if (pause.aborted) return handBack(run);
      return (await refuseModel(run)) ?? modelStep(run, action.reopen);
    case 'summarize':
      if (pause.aborted) return handBack(run);
      return (await refuseModel(run)) ?? summaryStep(run, action.reopen, action.cause);
  }
}

async function refuseModel(run: Run): Promise<LoopEnd | null> {
  const error = run.hooks.refusal();
  return error === null ? null : endTurn(run, { status: 'failed', error, errorCode: 'limit_reached' });
}

async function toolStep(run: Run, open: ToolCall[]): Promise<LoopEnd | null> {
  const { state, tools, hooks, signal } = run;
  // What a result commits is seen by whatever is prepared after it.
  if (run.pending.some(commits)) await commit(run);
  const batch = nextBatch(open, tools);
  const ready = await Promise.all(batch.map((call) => prepareCall(call, { state, tools, hooks })));
  if (signal.aborted) return endAborted(run);
  const asks = ready.flatMap((item) => (item.kind === 'ask' ? [item.ask] : []));
  if (asks.length === ready.length) {
    await commit(run, { kind: 'wait', asks });
    return 'waiting';
  }
  const planned = ready.flatMap(({ call, ...item }) =>
    item.kind === 'plan' ? [{ call, plan: item.plan }] : [],
  );
  if (planned.length > 0) {
    const calls = planned.map(({ call, plan }) => ({
      call,
      effect: plan.effect,
      journal: plan.journal ?? null,
      isRepeated: state.interrupted.delete(call.id),
    }));
    await commit(run, { kind: 'start_calls', calls });
  }
  const outcomes = await runPlans(planned, { hooks, signal });
  const byCall = new Map(planned.map(({ call }, at) => [call.id, outcomes[at] ?? null]));
  const settled = ready.flatMap((item) => {
    const outcome = item.kind === 'outcome' ? item.outcome : byCall.get(item.call.id);
    return outcome ? [outcome] : [];
  });
  const cut = planned.filter(({ call }) => !byCall.get(call.id));
  if (settled.length > 0) addResults(run, settled);
  if (cut.length === 0) return null;
  if (abortKind(signal) === 'drain') {
    const lost = cut.filter(({ plan }) => plan.effect === 'unsafe').map(({ call }) => unknownOutcome(call));
    if (lost.length > 0) addResults(run, lost);
  }
  return endAborted(
    run,
    cut.map(({ call }) => call),
  );
}

function commits(change: Change): boolean {
  return change.kind === 'results' && change.results.some((result) => result.commit !== undefined);
}

function addResults(run: Run, outcomes: CallOutcome[]): void {
  const { state, pending, now } = run;
  const stopping = outcomes.find(({ part }) => part.stop_turn);
  if (stopping) markDenied(run, stopping.call);
  state.todos = outcomes.findLast(({ todos }) => todos !== undefined)?.todos ?? state.todos;
  const message = newMessage(
    {
      sessionId: state.turn.sessionId,
      turnNumber: state.turn.number,
      index: nextIndex(state),
      role: 'tool',
      parts: outcomes.map(({ part }) => part),
    },
    now(),
  );
  remember(state, message);
  countStored(
    state,
    outcomes.reduce((sum, { storedChars = 0 }) => sum + storedChars, sizeOfParts(message.parts)),
  );
  pending.push({ kind: 'results', message, results: outcomes });
}

/** Before the results: clients take a finished message for the success of its calls, until these come. */
function markDenied({ state, pending, now }: Run, { messageId }: ToolCall): void {
  const message = state.history.find(({ id }) => id === messageId);
  if (!message || finishOf(message)?.reason === 'permission_denied') return;
  const time = now();
  const parts = message.parts.filter(({ type }) => type !== 'finish');
  const refinished: Message = {
    ...message,
    parts: [...parts, { type: 'finish', reason: 'permission_denied', time }],
    updatedAt: time,
  };
  remember(state, refinished);
  pending.push({ kind: 'refinish_message', message: refinished });
}
