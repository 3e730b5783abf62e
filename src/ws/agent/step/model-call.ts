import { setImmediate } from 'node:timers/promises';
import { type Cursor, formatCursor } from '#domain/events/index.ts';
import { type Message, newMessage } from '#domain/message/index.ts';
import type { SessionUsage } from '#domain/session/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { newId } from '#shared/ids.ts';
import { abortKind } from '../coordinator/abort.ts';
import type { LoopEnd, RequestPurpose, Run } from '../turn/loop-ports.ts';
import { commit, endAborted, endTurn, handBack } from '../turn/turn-end.ts';
import { nextIndex, remember } from '../turn/turn-state.ts';
import { type Assembler, createAssembler } from './assembler.ts';
import { type StreamedStep, type StreamSink, streamStep } from './step-stream.ts';
import { stepUsage } from './usage.ts';

/** How often the log is asked for the position behind a text that is withdrawn, a second each. */
const POSITION_TRIES = 10;
/** Turns of the event loop in which a request gets from here into its socket. */
const SENDING_TICKS = 3;

export interface ModelCall {
  message: Message;
  assembler: Assembler;
  step: StreamedStep;
  /** The turn was aborted or paused meanwhile. */
  isCut: boolean;
}

/** Streams one answer into the message, which is announced together with what is pending. */
export async function callModel(run: Run, message: Message, purpose: RequestPurpose): Promise<ModelCall> {
  const { hooks, now } = run;
  const assembler = createAssembler({ now, newCallId: newId });
  const failed = new AbortController();
  const signal = AbortSignal.any([run.signal, run.pause, failed.signal]);
  const request = await hooks.buildRequest(purpose);
  const stream = hooks.stream(request, signal)[Symbol.asyncIterator]();
  // The request is on its way while the message is being announced.
  const first = stream.next();
  first.catch(() => {});
  try {
    // An embedded database works on this thread: the request is to leave before, and be answered meanwhile.
    for (let tick = 0; tick < SENDING_TICKS; tick++) await setImmediate();
    await commit(run);
    const stop = () => failed.abort();
    const step = await streamStep(stream, first, { assembler, sink: sinkOf(run, message), signal, stop });
    const isAborted = run.signal.aborted || run.pause.aborted;
    const isCut = isAborted && (step.stopReason === 'cancelled' || step.stopReason === 'error');
    return { message, assembler, step, isCut };
  } catch (error) {
    failed.abort();
    throw error;
  } finally {
    // Whoever left the stream behind lets it go; it ends by itself once it sees the signal.
    Promise.resolve(stream.return?.()).catch(() => {});
  }
}

/** `reopen`: what an earlier attempt put into this message is withdrawn. */
export async function openMessage(
  run: Run,
  { reopen, isSummary }: { reopen: Message | null; isSummary: boolean },
): Promise<Message> {
  const { state, selection, now } = run;
  const message = newMessage(
    {
      ...(reopen && { id: reopen.id, createdAt: reopen.createdAt }),
      sessionId: state.turn.sessionId,
      turnNumber: state.turn.number,
      index: reopen?.index ?? nextIndex(state),
      role: 'assistant',
      parts: [],
      model: selection.model.id,
      provider: selection.providerId,
      isSummary,
      finishedAt: null,
      appliedCursor: reopen ? await withdrawnUpTo(run) : null,
    },
    now(),
  );
  remember(state, message);
  run.pending.push({ kind: 'open_message', message, reopened: reopen !== null });
  return message;
}

/** Deltas up to here are no part of the message any more. */
async function withdrawnUpTo({ hooks, signal, pause }: Run): Promise<string | null> {
  for (let tries = 0; tries < POSITION_TRIES && !signal.aborted && !pause.aborted; tries++) {
    const position = await hooks.positionAtLeast();
    if (position) return formatCursor(position);
  }
  return null;
}

function sinkOf(run: Run, message: Message): StreamSink {
  return {
    delta: (delta) => run.hooks.delta(message, delta),
    checkpoint: (parts, streamed) => run.hooks.checkpoint(message, parts, streamed),
    async restarted() {
      const reopened = { ...message, appliedCursor: await withdrawnUpTo(run) };
      await run.hooks.commit([{ kind: 'open_message', message: reopened, reopened: true }]);
    },
  };
}

/** The end of the turn, in the same transaction, gives the message its finish part and the calls their results. */
async function saveBroken(run: Run, call: ModelCall): Promise<void> {
  const { message, assembler } = call;
  const calls = message.isSummary ? [] : newCalls(run, message, assembler);
  const appliedCursor = cursorText(await run.hooks.positionAtLeast());
  const saved: Message = { ...message, parts: finishedParts(assembler), updatedAt: run.now(), appliedCursor };
  run.pending.push({ kind: 'count_usage', usage: usageOfBroken(run, call) });
  run.pending.push({ kind: 'save_message', message: saved, calls });
}

/** A call that broke off before anything was measured leaves the session's figures as they are. */
function usageOfBroken({ selection }: Run, { step, message }: ModelCall): SessionUsage {
  const { cost, ...size } = stepUsage(step, selection.model);
  const isMeasured = size.promptTokens + size.completionTokens > 0 && !message.isSummary;
  return { addCost: cost, ...(isMeasured ? size : {}) };
}

/** For a call that is made again, or by somebody else: it cost nevertheless. */
export function countWithdrawn(run: Run, { step }: ModelCall): void {
  const { cost } = stepUsage(step, run.selection.model);
  if (cost > 0) run.pending.push({ kind: 'count_usage', usage: { addCost: cost } });
}

export async function endCutCall(run: Run, call: ModelCall): Promise<LoopEnd> {
  // Paused only: whoever goes on calls the model again, into the same message.
  const kind = run.signal.aborted ? abortKind(run.signal) : null;
  if (kind === 'cancel' || kind === 'timeout') await saveBroken(run, call);
  else countWithdrawn(run, call);
  if (kind === null) return handBack(run);
  return endAborted(run);
}

/** `told`: a sentence that says more to the user than the provider's. */
export async function endFailedCall(run: Run, call: ModelCall, told?: string): Promise<LoopEnd> {
  const { error } = call.step;
  await saveBroken(run, call);
  return endTurn(run, {
    status: 'failed',
    error: told ?? error?.message ?? 'The model failed without saying why',
    errorCode: `model_${error?.code ?? 'failed'}`,
    details: error?.status === undefined ? error?.code : `${error.code} (HTTP ${error.status})`,
  });
}

export function finishedParts(assembler: Assembler): Message['parts'] {
  return assembler
    .parts()
    .map((part) =>
      part.type === 'tool_call' ? { ...part, input: part.input || '{}', finished: true } : part,
    );
}

export function newCalls({ state, now }: Run, message: Message, assembler: Assembler): ToolCall[] {
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

export function cursorText(cursor: Cursor | null): string | null {
  return cursor && formatCursor(cursor);
}
