import type { Delta } from '#domain/events/index.ts';
import type { FinishReason, MessagePart } from '#domain/message/index.ts';
import type { ModelError, ModelPart, StopReason, Usage } from '#domain/provider/index.ts';
import { ABANDONED, withGrace } from '../coordinator/abort.ts';
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
  { assembler, sink, signal }: { assembler: Assembler; sink: StreamSink; signal: AbortSignal },
): Promise<StreamedStep> {
  const withdrawn: Usage[] = [];
  let streamed = 0;
  let pending = first;
  for (;;) {
    const next = await withGrace(pending, signal, ABORT_GRACE_MS);
    if (next === ABANDONED) return { stopReason: 'cancelled', usage: NO_USAGE, withdrawn };
    if (next.done) return broken(withdrawn);
    const part = next.value;
    if (part.type === 'finish') {
      const { stopReason, usage, error } = part;
      await stream.return?.();
      return { stopReason, usage, withdrawn, error };
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
