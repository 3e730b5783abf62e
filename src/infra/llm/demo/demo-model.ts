import { createHash } from 'node:crypto';
import type { LanguageModel, ModelPart, ModelRequest, StopReason } from '#domain/provider/index.ts';
import { estimateUsage } from '../stream/usage.ts';
import { type DemoCall, planStep } from './plan.ts';

export interface DemoModelDeps {
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** The pause between chunks, so that a person sees the answer being streamed; 0: none. */
  chunkDelayMs: number;
}

const CHUNK_LENGTH = 12;

/** The provider `demo`: offline, deterministic, and through the same parts as a real one. */
export function createDemoModel(deps: DemoModelDeps): LanguageModel {
  return {
    async *stream(request, signal) {
      const { text, call } = planStep(request);
      let sent = 0;
      for (const part of toParts(text, call, request)) {
        if (deps.chunkDelayMs > 0) await deps.sleep(deps.chunkDelayMs, signal).catch(() => {});
        if (signal.aborted) break;
        if ('text' in part) sent += part.text.length;
        yield part;
      }
      const stopReason: StopReason = signal.aborted ? 'cancelled' : call ? 'tool_calls' : 'stop';
      yield { type: 'finish', stopReason, usage: estimateUsage(request, sent) };
    },
  };
}

function* toParts(text: string, call: DemoCall | null, request: ModelRequest): Generator<ModelPart> {
  for (const chunk of chunks(text)) yield { type: 'text', text: chunk };
  if (!call) return;
  const callId = callIdOf(request);
  const input = JSON.stringify(call.input);
  yield { type: 'tool_call_start', callId, name: call.name };
  for (const chunk of chunks(input)) yield { type: 'tool_call_input', callId, text: chunk };
  yield { type: 'tool_call', callId, name: call.name, input };
}

function* chunks(text: string): Generator<string> {
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at += CHUNK_LENGTH) {
    yield characters.slice(at, at + CHUNK_LENGTH).join('');
  }
}

/** The same for the same history, another one for each step of a session. */
function callIdOf({ sessionId, messages }: ModelRequest): string {
  const digest = createHash('sha256').update(sessionId).update(JSON.stringify(messages)).digest('hex');
  return `demo_${digest.slice(0, 16)}`;
}
