import { type Cursor, formatCursor } from '#domain/events/index.ts';
import type { FinishPart, Message } from '#domain/message/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { newId } from '#shared/ids.ts';
import { abortKind } from './abort.ts';
import { type Assembler, createAssembler } from './assembler.ts';
import { commit, conclude, finish, handBack, type LoopEnd, type Run, remember } from './run.ts';
import { finishReasonOf, type StreamedStep, type StreamSink, streamStep } from './step-stream.ts';
import { nextIndex } from './turn-state.ts';
import { stepUsage } from './usage.ts';

export async function modelStep(run: Run, reopen: Message | null): Promise<LoopEnd | null> {
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

function cursorText(cursor: Cursor | null): string | null {
  return cursor && formatCursor(cursor);
}
