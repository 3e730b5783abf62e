import type { Delta } from '#domain/events/index.ts';
import type { FinishReason, MessagePart } from '#domain/message/index.ts';
import type { ModelError, ModelPart, StopReason, Usage } from '#domain/provider/index.ts';
import { ABANDONED, withGrace } from '../coordinator/abort.ts';
import { createAnswerBounds, type Overrun } from './answer-bounds.ts';
import type { Assembler, PartDelta } from './assembler.ts';

const ABORT_GRACE_MS = 1000;

export interface StreamSink {
  delta(delta: PartDelta & Pick<Delta, 'finish_reason'>): void;
  /** Called between parts; may hold the stream back. */
  checkpoint(parts: () => MessagePart[], streamedChars: number): Promise<void>;
  /** What was streamed so far is withdrawn. */
  restarted(): Promise<void>;
}

export interface StreamedStep {
  stopReason: StopReason;
  usage: Usage;
  /** Of attempts that were made again. */
  withdrawn: Usage[];
  error?: ModelError;
  /** The answer was left at a limit; for the model, why. */
  cut?: string;
}

export interface StreamControl {
  assembler: Assembler;
  sink: StreamSink;
  signal: AbortSignal;
  /** Aborts `signal`: the answer is not read any further. */
  stop(): void;
}

const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  estimated: true,
};

/** Carries one model call into the assembler and to the clients. A stream that ignores the signal is left behind. */
export async function streamStep(
  stream: AsyncIterator<ModelPart>,
  first: Promise<IteratorResult<ModelPart>>,
  { assembler, sink, signal, stop }: StreamControl,
): Promise<StreamedStep> {
  const withdrawn: Usage[] = [];
  const bounds = createAnswerBounds();
  let overrun: Overrun | null = null;
  let streamed = 0;
  let pending = first;
  for (;;) {
    const next = await withGrace(pending, signal, ABORT_GRACE_MS);
    if (next === ABANDONED) return ended({ stopReason: 'cancelled', usage: NO_USAGE, withdrawn }, overrun);
    if (next.done) return broken(withdrawn);
    const part = next.value;
    if (part.type === 'finish') {
      const { stopReason, usage, error } = part;
      await stream.return?.();
      return ended({ stopReason, usage, withdrawn, error }, overrun);
    }
    if (overrun === null) {
      overrun = bounds.check(part);
      if (overrun) {
        stop();
        const cut = overrun.kind === 'cut' && overrun.at === 'input' ? assembler.cutInput(part) : [];
        for (const delta of cut) sink.delta(delta);
      }
    }
    if (overrun) {
      // The finish tells what the provider has done until then.
      pending = stream.next();
      continue;
    }
    if (part.type === 'restart') {
      if (part.usage) withdrawn.push(part.usage);
      assembler.reset();
      streamed = 0;
      await sink.restarted();
    } else {
      for (const delta of assembler.apply(part)) {
        streamed += delta.content.length;
        sink.delta(delta);
      }
      await sink.checkpoint(assembler.parts, streamed);
    }
    pending = stream.next();
  }
}

/** An answer that was left at a limit ended for that reason, whatever came of it then. */
function ended(step: StreamedStep, overrun: Overrun | null): StreamedStep {
  const { usage, withdrawn } = step;
  if (overrun === null) return step;
  if (overrun.kind === 'cut') return { stopReason: 'tool_calls', usage, withdrawn, cut: overrun.sentence };
  const error = { code: 'protocol' as const, message: overrun.sentence };
  return { stopReason: 'error', usage, withdrawn, error };
}

function broken(withdrawn: Usage[]): StreamedStep {
  const error = { code: 'protocol' as const, message: 'The model ended its answer without saying why' };
  return { stopReason: 'error', usage: NO_USAGE, withdrawn, error };
}

/** How a step that was not cut short is stored. A model that calls tools goes on, whatever it says. */
export function finishReasonOf(stop: StopReason, hasCalls: boolean): FinishReason {
  switch (stop) {
    case 'stop':
    case 'tool_calls':
      return hasCalls ? 'tool_use' : 'end_turn';
    case 'length':
      return 'max_tokens';
    case 'content_filter':
      return 'content_filter';
    case 'cancelled':
      return 'canceled';
    case 'error':
      return 'error';
    case 'unknown':
      return 'unknown';
  }
}
