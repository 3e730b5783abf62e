import type { Delta } from '#domain/events/index.ts';
import type { MessagePart, ReasoningPart, TextPart, ToolCallPart } from '#domain/message/index.ts';
import type { ModelPart } from '#domain/provider/index.ts';

export type PartDelta = Pick<Delta, 'delta_type' | 'content' | 'tool_call_id' | 'tool_call_name'>;
type ContentPart = TextPart | ReasoningPart | ToolCallPart;

export interface AssembledCall {
  id: string;
  providerCallId: string;
  name: string;
  input: string;
}

/** Builds a message's parts from what a model streams. */
export interface Assembler {
  /** What clients have to be told of this part. */
  apply(part: ModelPart): PartDelta[];
  /** A copy of what there is so far. */
  parts(): MessagePart[];
  calls(): AssembledCall[];
  reset(): void;
}

export function createAssembler({ now, newCallId }: { now(): number; newCallId(): string }): Assembler {
  let parts: ContentPart[] = [];
  let calls = new Map<ToolCallPart, string>();

  function text(content: string): PartDelta[] {
    endReasoning();
    const last = parts.at(-1);
    if (last?.type === 'text') last.text += content;
    else parts.push({ type: 'text', text: content });
    return content === '' ? [] : [{ delta_type: 'text', content }];
  }

  function reasoning(content: string): PartDelta[] {
    const last = parts.at(-1);
    if (last?.type === 'reasoning' && last.finished_at === undefined) last.thinking += content;
    else parts.push({ type: 'reasoning', thinking: content, started_at: now() });
    return content === '' ? [] : [{ delta_type: 'reasoning', content }];
  }

  function endReasoning(signature?: string, metadata?: Record<string, unknown>): void {
    const last = parts.findLast((part): part is ReasoningPart => part.type === 'reasoning');
    if (!last) return;
    last.finished_at ??= now();
    if (signature !== undefined) last.signature = signature;
    if (metadata !== undefined) last.provider_metadata = metadata;
  }

  function open(callId: string, name: string): ToolCallPart {
    endReasoning();
    const part: ToolCallPart = { type: 'tool_call', id: newCallId(), name, input: '', finished: false };
    parts.push(part);
    calls.set(part, callId);
    return part;
  }

  function find(callId: string): ToolCallPart | undefined {
    return [...calls].findLast(([part, id]) => id === callId && !part.finished)?.[0];
  }

  function announce(part: ToolCallPart): PartDelta {
    return { delta_type: 'tool_call', content: '', tool_call_id: part.id, tool_call_name: part.name };
  }

  function inputDelta(part: ToolCallPart, content: string): PartDelta[] {
    if (content === '') return [];
    return [{ delta_type: 'tool_call_input', content, tool_call_id: part.id, tool_call_name: part.name }];
  }

  function endCall(final: Extract<ModelPart, { type: 'tool_call' }>): PartDelta[] {
    const known = find(final.callId);
    const part = known ?? open(final.callId, final.name);
    const streamed = part.input;
    part.name = final.name;
    part.input = final.input.trim() === '' ? '{}' : final.input;
    part.finished = true;
    if (final.providerMetadata) part.provider_metadata = final.providerMetadata;
    return [...(known ? [] : [announce(part)]), ...(streamed === '' ? inputDelta(part, part.input) : [])];
  }

  return {
    apply(part) {
      switch (part.type) {
        case 'text':
          return text(part.text);
        case 'reasoning':
          return reasoning(part.text);
        case 'reasoning_end':
          endReasoning(part.signature, part.providerMetadata);
          return [];
        case 'tool_call_start':
          return [announce(open(part.callId, part.name))];
        case 'tool_call_input': {
          const call = find(part.callId);
          if (!call) return [];
          call.input += part.text;
          return inputDelta(call, part.text);
        }
        case 'tool_call':
          return endCall(part);
        case 'restart':
        case 'finish':
          return [];
      }
    },
    parts: () =>
      parts.filter((part) => part.type !== 'text' || part.text !== '').map((part) => ({ ...part })),
    calls: () =>
      [...calls].map(([part, providerCallId]) => ({
        id: part.id,
        providerCallId,
        name: part.name,
        input: part.input.trim() === '' ? '{}' : part.input,
      })),
    reset() {
      parts = [];
      calls = new Map();
    },
  };
}
