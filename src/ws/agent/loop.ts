import type { Cursor } from '#domain/events/index.ts';
import { formatCursor } from '#domain/events/index.ts';
import type { FinishPart, Message } from '#domain/message/index.ts';
import type { ModelPart, ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { newId } from '#shared/ids.ts';
import { abortKind } from './abort.ts';
import { type Assembler, createAssembler } from './assembler.ts';
import type { CallOutcome, Change } from './changes.ts';
import { finishReasonOf, type StreamedStep, type StreamSink, streamStep } from './step-stream.ts';
import {
  nextBatch,
  prepareCall,
  refusedOutcome,
  runPlans,
  type ToolStepHooks,
  unknownOutcome,
} from './tool-step.ts';
import type { Tool } from './tools/tool.ts';
import { type LoopLimits, nextAction, nextIndex, type TurnState } from './turn-state.ts';
import { stepUsage } from './usage.ts';

export type LoopEnd = 'finished' | 'waiting' | 'handed_back' | 'lost';

/** All that the loop does to the world. */
export interface LoopHooks extends ToolStepHooks {
  /** Writes in one transaction. Throws `lease_lost`. */
  commit(changes: Change[]): Promise<void>;
  buildRequest(history: readonly Message[]): Promise<ModelRequest>;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelPart>;
  delta(message: Message, delta: Parameters<StreamSink['delta']>[0]): void;
  checkpoint(
    message: Message,
    parts: Parameters<StreamSink['checkpoint']>[0],
    streamed: number,
  ): Promise<void>;
  /** The position up to which clients can have what was streamed. */
  settled(): Promise<Cursor | null>;
}

export interface LoopInput {
  state: TurnState;
  tools: ReadonlyMap<string, Tool>;
  selection: ModelSelection;
  limits: LoopLimits;
  hooks: LoopHooks;
  now(): number;
  /** Stop at once. */
  signal: AbortSignal;
  /** Stop at the next boundary: no further step, model calls end. */
  pause: AbortSignal;
  taskTimeoutMs: number;
}

interface Run extends LoopInput {
  /** Goes into the next transaction. */
  pending: Change[];
}

/**
 * Carries a turn on from whatever is stored of it until it ends, waits for an answer, or is taken away.
 * Every change passes through `hooks.commit`, before the effect that depends on it.
 */
export async function runLoop(input: LoopInput): Promise<LoopEnd> {
  const run: Run = { ...input, pending: [] };
  for (;;) {
    const end = await nextStep(run);
    if (end) return end;
  }
}

async function nextStep(run: Run): Promise<LoopEnd | null> {
  const { state, limits, signal, pause } = run;
  if (signal.aborted) return conclude(run);
  const action = nextAction(state, limits);
  switch (action.kind) {
    case 'end_denied':
      refinish(run, action.message);
      return finish(run, { status: 'succeeded' });
    case 'end':
      return finish(run, { status: 'succeeded' });
    case 'fail':
      return finish(run, { status: 'failed', error: action.error, errorCode: action.errorCode });
    case 'refuse_calls':
      addResults(run, action.calls.map(refusedOutcome));
      return null;
    case 'run_tools':
      if (pause.aborted) return handBack(run);
      return toolStep(run, action.calls);
    case 'call_model':
      if (pause.aborted) return handBack(run);
      return modelStep(run, action.reopen);
  }
}

async function commit(run: Run, ...last: Change[]): Promise<void> {
  const changes = [...run.pending.splice(0), ...last];
  if (changes.length > 0) await run.hooks.commit(changes);
}

type Outcome = Extract<Change, { kind: 'finish' }>['outcome'];

async function finish(run: Run, outcome: Outcome, interrupted: string[] = []): Promise<LoopEnd> {
  await commit(run, { kind: 'finish', outcome, interrupted });
  return 'finished';
}

async function handBack(run: Run): Promise<LoopEnd> {
  await commit(run, { kind: 'hand_back' });
  return 'handed_back';
}

/** After the signal. `started`: calls whose effect may have happened. */
async function conclude(run: Run, started: ToolCall[] = []): Promise<LoopEnd> {
  const interrupted = started.map(({ id }) => id);
  switch (abortKind(run.signal)) {
    case 'lease_lost':
      return 'lost';
    case 'cancel':
      return finish(run, { status: 'cancelled' }, interrupted);
    case 'timeout': {
      const error = `The turn took longer than ${Math.round(run.taskTimeoutMs / 1000)} seconds`;
      return finish(run, { status: 'failed', error, errorCode: 'timeout' }, interrupted);
    }
    case 'drain':
      return handBack(run);
  }
}

async function modelStep(run: Run, reopen: Message | null): Promise<LoopEnd | null> {
  const { state, hooks, now } = run;
  const message = openMessage(run, reopen);
  const assembler = createAssembler({ now, newCallId: newId });
  const cut = new AbortController();
  const signal = AbortSignal.any([run.signal, run.pause, cut.signal]);
  const request = await hooks.buildRequest(state.history.filter(({ id }) => id !== message.id));
  const stream = hooks.stream(request, signal)[Symbol.asyncIterator]();
  // The request is on its way while the message is being announced.
  const first = stream.next();
  first.catch(() => {});
  let step: StreamedStep;
  try {
    await commit(run);
    step = await streamStep(stream, first, { assembler, sink: sinkOf(run, message), signal });
  } catch (error) {
    cut.abort();
    throw error;
  }
  if (signal.aborted && (step.stopReason === 'cancelled' || step.stopReason === 'error')) {
    return stopModelStep(run, message, assembler);
  }
  if (step.error || step.stopReason === 'error') return failModelStep(run, message, assembler, step);
  await closeModelStep(run, message, assembler, step);
  return null;
}

function openMessage(run: Run, reopen: Message | null): Message {
  const { state, selection, now } = run;
  const time = now();
  const message: Message = {
    id: reopen?.id ?? newId(),
    sessionId: state.turn.sessionId,
    turnNumber: state.turn.number,
    index: reopen?.index ?? nextIndex(state),
    role: 'assistant',
    parts: [],
    model: selection.model.id,
    provider: selection.providerId,
    isSummary: false,
    finishedAt: null,
    appliedCursor: null,
    createdAt: reopen?.createdAt ?? time,
    updatedAt: time,
  };
  remember(state, message);
  run.pending.push({ kind: 'open_message', message, reopened: reopen !== null });
  return message;
}

function sinkOf(run: Run, message: Message): StreamSink {
  return {
    delta: (delta) => run.hooks.delta(message, delta),
    checkpoint: (parts, streamed) => run.hooks.checkpoint(message, parts, streamed),
    restarted: () => run.hooks.commit([{ kind: 'open_message', message, reopened: true }]),
  };
}

async function closeModelStep(
  run: Run,
  message: Message,
  assembler: Assembler,
  step: StreamedStep,
): Promise<void> {
  const { state, hooks, now, selection } = run;
  const calls = newCalls(run, message, assembler);
  const reason = finishReasonOf(step.stopReason, calls.length > 0);
  hooks.delta(message, { delta_type: 'finish', content: '', finish_reason: reason });
  const time = now();
  const finished: FinishPart = { type: 'finish', reason, time };
  const closed: Message = {
    ...message,
    parts: [...finishedParts(assembler), finished],
    finishedAt: time,
    updatedAt: time,
    appliedCursor: cursorText(await hooks.settled()),
  };
  remember(state, closed);
  for (const call of calls) state.calls.set(call.id, call);
  const usage = stepUsage(step.usage, selection.model);
  run.pending.push({ kind: 'close_message', message: closed, calls, usage });
}

/** The end of the turn, in the same transaction, gives the message its finish part and the calls their results. */
async function saveBroken(run: Run, message: Message, assembler: Assembler): Promise<void> {
  const calls = newCalls(run, message, assembler);
  const appliedCursor = cursorText(await run.hooks.settled());
  const saved: Message = { ...message, parts: finishedParts(assembler), updatedAt: run.now(), appliedCursor };
  run.pending.push({ kind: 'save_message', message: saved, calls });
}

async function stopModelStep(run: Run, message: Message, assembler: Assembler): Promise<LoopEnd> {
  // Paused only: whoever goes on calls the model again, into the same message.
  if (!run.signal.aborted) return handBack(run);
  const kind = abortKind(run.signal);
  if (kind === 'cancel' || kind === 'timeout') await saveBroken(run, message, assembler);
  return conclude(run);
}

async function failModelStep(
  run: Run,
  message: Message,
  assembler: Assembler,
  { error }: StreamedStep,
): Promise<LoopEnd> {
  const text = error?.message ?? 'The model failed without saying why';
  run.hooks.delta(message, { delta_type: 'error', content: text });
  await saveBroken(run, message, assembler);
  const details = error?.status === undefined ? error?.code : `${error.code} (HTTP ${error.status})`;
  return finish(run, {
    status: 'failed',
    error: text,
    errorCode: `model_${error?.code ?? 'failed'}`,
    details,
  });
}

function finishedParts(assembler: Assembler): Message['parts'] {
  return assembler
    .parts()
    .map((part) =>
      part.type === 'tool_call' ? { ...part, input: part.input || '{}', finished: true } : part,
    );
}

function newCalls({ state, now }: Run, message: Message, assembler: Assembler): ToolCall[] {
  const time = now();
  return assembler.calls().map(({ id, providerCallId, name, input }) => ({
    id,
    sessionId: state.turn.sessionId,
    messageId: message.id,
    turnId: state.turn.id,
    providerCallId,
    name,
    input,
    status: 'pending',
    result: null,
    isError: false,
    errorMessage: null,
    createdAt: time,
    updatedAt: time,
    startedAt: null,
    finishedAt: null,
  }));
}

async function toolStep(run: Run, open: ToolCall[]): Promise<LoopEnd | null> {
  const { state, tools, hooks, signal } = run;
  const batch = nextBatch(open, tools);
  const ready = await Promise.all(batch.map((call) => prepareCall(call, { state, tools, hooks })));
  if (signal.aborted) return conclude(run);
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
  return conclude(
    run,
    cut.map(({ call }) => call),
  );
}

function addResults({ state, pending, now }: Run, outcomes: CallOutcome[]): void {
  const time = now();
  const message: Message = {
    id: newId(),
    sessionId: state.turn.sessionId,
    turnNumber: state.turn.number,
    index: nextIndex(state),
    role: 'tool',
    parts: outcomes.map(({ part }) => part),
    model: '',
    provider: '',
    isSummary: false,
    finishedAt: time,
    appliedCursor: null,
    createdAt: time,
    updatedAt: time,
  };
  remember(state, message);
  pending.push({ kind: 'results', message, results: outcomes });
}

function refinish({ state, pending, now }: Run, message: Message): void {
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

function remember(state: TurnState, message: Message): void {
  const at = state.history.findIndex(({ id }) => id === message.id);
  if (at === -1) state.history.push(message);
  else state.history[at] = message;
}

function cursorText(cursor: Cursor | null): string | null {
  return cursor && formatCursor(cursor);
}
