import { type Cursor, formatCursor } from '#domain/events/index.ts';
import type { FinishPart, Message } from '#domain/message/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { newId } from '#shared/ids.ts';
import { abortKind } from '../coordinator/abort.ts';
import type { LoopEnd, Run } from '../turn/loop-ports.ts';
import { commit, endAborted, endTurn, handBack } from '../turn/turn-end.ts';
import { nextIndex, remember } from '../turn/turn-state.ts';
import { type Assembler, createAssembler } from './assembler.ts';
import { finishReasonOf, type StreamedStep, type StreamSink, streamStep } from './step-stream.ts';
import { stepUsage } from './usage.ts';

export async function modelStep(run: Run, reopen: Message | null): Promise<LoopEnd | null> {
  const message = openMessage(run, reopen, false);
  const { assembler, step, isCut } = await callModel(run, message);
  if (isCut) return stopModelStep(run, message, assembler);
  if (step.error || step.stopReason === 'error') return failModelStep(run, message, assembler, step);
  await closeModelStep(run, message, assembler, step);
  return null;
}

/** Puts a summary in the place of the history so far. Without one the turn goes on as it is. */
export async function summaryStep(run: Run, reopen: Message | null): Promise<LoopEnd | null> {
  const { state, hooks, now, selection } = run;
  const message = openMessage(run, reopen, true);
  const { assembler, step, isCut } = await callModel(run, message);
  if (isCut) return stopModelStep(run, message, assembler, { keepCalls: false });
  const parts = assembler.parts().filter(({ type }) => type === 'text');
  const isUsable = step.stopReason !== 'error' && parts.length > 0;
  const reason = isUsable ? 'end_turn' : 'error';
  hooks.delta(message, { delta_type: 'finish', content: '', finish_reason: reason });
  const time = now();
  const closed: Message = {
    ...message,
    parts: [
      ...parts,
      { type: 'finish', reason, time, ...(step.error ? { message: step.error.message } : {}) },
    ],
    finishedAt: time,
    updatedAt: time,
    appliedCursor: cursorText(await hooks.settled()),
  };
  remember(state, closed);
  const usage = { ...stepUsage(step.usage, selection.model), promptTokens: 0 };
  run.pending.push({ kind: 'close_message', message: closed, calls: [], usage, isSummary: isUsable });
  state.summaryFailed = !isUsable;
  if (isUsable) {
    state.summaryId = message.id;
    state.contextTokens = usage.completionTokens;
  }
  return null;
}

/** `isCut`: the turn was aborted or paused meanwhile. */
async function callModel(
  run: Run,
  message: Message,
): Promise<{ assembler: Assembler; step: StreamedStep; isCut: boolean }> {
  const { hooks, now } = run;
  const assembler = createAssembler({ now, newCallId: newId });
  const failed = new AbortController();
  const signal = AbortSignal.any([run.signal, run.pause, failed.signal]);
  const request = await hooks.buildRequest(message.isSummary ? 'summary' : 'step');
  const stream = hooks.stream(request, signal)[Symbol.asyncIterator]();
  // The request is on its way while the message is being announced.
  const first = stream.next();
  first.catch(() => {});
  try {
    await commit(run);
    const step = await streamStep(stream, first, { assembler, sink: sinkOf(run, message), signal });
    const isCut = signal.aborted && (step.stopReason === 'cancelled' || step.stopReason === 'error');
    return { assembler, step, isCut };
  } catch (error) {
    failed.abort();
    throw error;
  }
}

function openMessage(run: Run, reopen: Message | null, isSummary: boolean): Message {
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
    isSummary,
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
  state.contextTokens = usage.promptTokens + usage.completionTokens;
  run.pending.push({ kind: 'close_message', message: closed, calls, usage, isSummary: false });
}

/** The end of the turn, in the same transaction, gives the message its finish part and the calls their results. */
async function saveBroken(run: Run, message: Message, assembler: Assembler, keepCalls = true): Promise<void> {
  const calls = keepCalls ? newCalls(run, message, assembler) : [];
  const appliedCursor = cursorText(await run.hooks.settled());
  const saved: Message = { ...message, parts: finishedParts(assembler), updatedAt: run.now(), appliedCursor };
  run.pending.push({ kind: 'save_message', message: saved, calls });
}

async function stopModelStep(
  run: Run,
  message: Message,
  assembler: Assembler,
  { keepCalls = true } = {},
): Promise<LoopEnd> {
  // Paused only: whoever goes on calls the model again, into the same message.
  if (!run.signal.aborted) return handBack(run);
  const kind = abortKind(run.signal);
  if (kind === 'cancel' || kind === 'timeout') await saveBroken(run, message, assembler, keepCalls);
  return endAborted(run);
}

async function failModelStep(
  run: Run,
  message: Message,
  assembler: Assembler,
  { error }: StreamedStep,
): Promise<LoopEnd> {
  const text = error?.message ?? 'The model failed without saying why';
  await saveBroken(run, message, assembler);
  const details = error?.status === undefined ? error?.code : `${error.code} (HTTP ${error.status})`;
  return endTurn(run, {
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

function cursorText(cursor: Cursor | null): string | null {
  return cursor && formatCursor(cursor);
}
