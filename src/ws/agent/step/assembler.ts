import type { Delta } from '#domain/events/index.ts';
import type { MessagePart, ReasoningPart, TextPart, ToolCallPart } from '#domain/message/index.ts';
import type { ModelPart } from '#domain/provider/index.ts';
import { truncate } from '#shared/text.ts';

export type PartDelta = Pick<Delta, 'delta_type' | 'content' | 'tool_call_id' | 'tool_call_name'>;
type ReasoningEnd = Extract<ModelPart, { type: 'reasoning_end' }>;
type ContentPart = TextPart | ReasoningPart | ToolCallPart;

/** What is kept of an input that is too long: enough to see what it was. */
const CUT_INPUT_CHARS = 1000;

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
  /** Ends a call whose input is not taken any further: its beginning stays, which is no whole JSON. */
  cutInput(part: ModelPart): PartDelta[];
  /** A copy of what there is so far. */
  parts(): MessagePart[];
  calls(): AssembledCall[];
  reset(): void;
}

export function createAssembler({ now, newCallId }: { now(): number; newCallId(): string }): Assembler {
  let parts: ContentPart[] = [];
  let calls: Array<{ part: ToolCallPart; providerCallId: string }> = [];
  /** Calls that have not ended by the provider's ids, which may be repeated; the latest last. */
  let openCalls = new Map<string, ToolCallPart[]>();
  /** Blocks of reasoning that have not ended. */
  let blocks = new Map<string, ReasoningPart>();

  function text(content: string): PartDelta[] {
    settleReasoning();
    const last = parts.at(-1);
    if (last?.type === 'text') last.text += content;
    else parts.push({ type: 'text', text: content });
    return content === '' ? [] : [{ delta_type: 'text', content }];
  }

  function block(blockId: string): ReasoningPart {
    const known = blocks.get(blockId);
    if (known) return known;
    const part: ReasoningPart = { type: 'reasoning', thinking: '', started_at: now() };
    blocks.set(blockId, part);
    parts.push(part);
    return part;
  }

  function reasoning(blockId: string, content: string): PartDelta[] {
    block(blockId).thinking += content;
    return content === '' ? [] : [{ delta_type: 'reasoning', content }];
  }

  function endReasoning({ blockId, signature, providerMetadata }: ReasoningEnd): void {
    const part = block(blockId);
    blocks.delete(blockId);
    part.finished_at ??= now();
    if (signature !== undefined) part.signature = signature;
    if (providerMetadata !== undefined) part.provider_metadata = providerMetadata;
  }

  /** What follows shows that the thinking is over, although the block may not have ended. */
  function settleReasoning(): void {
    for (const part of blocks.values()) part.finished_at ??= now();
  }

  /** Clients see it with the finished message. */
  function textWasReasoning(): void {
    const time = now();
    parts = parts.map((part) =>
      part.type === 'text'
        ? { type: 'reasoning', thinking: part.text, started_at: time, finished_at: time }
        : part,
    );
  }

  function open(callId: string, name: string): ToolCallPart {
    settleReasoning();
    const part: ToolCallPart = {
      type: 'tool_call',
      id: newCallId(),
      name,
      input: '',
      finished: false,
      provider_call_id: callId,
    };
    parts.push(part);
    calls.push({ part, providerCallId: callId });
    openCalls.set(callId, [...(openCalls.get(callId) ?? []), part]);
    return part;
  }

  function find(callId: string): ToolCallPart | undefined {
    return openCalls.get(callId)?.at(-1);
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
    openCalls.get(final.callId)?.pop();
    if (final.providerMetadata) part.provider_metadata = final.providerMetadata;
    return [...(known ? [] : [announce(part)]), ...(streamed === '' ? inputDelta(part, part.input) : [])];
  }

  return {
    apply(part) {
      switch (part.type) {
        case 'text':
          return text(part.text);
        case 'reasoning_start':
          block(part.blockId);
          return [];
        case 'reasoning':
          return reasoning(part.blockId, part.text);
        case 'reasoning_end':
          endReasoning(part);
          return [];
        case 'text_was_reasoning':
          textWasReasoning();
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
    cutInput(part) {
      if (part.type !== 'tool_call' && part.type !== 'tool_call_input') return [];
      const known = find(part.callId);
      const call = known ?? (part.type === 'tool_call' ? open(part.callId, part.name) : undefined);
      if (!call) return [];
      const input = part.type === 'tool_call' ? part.input : call.input;
      call.input = truncate(input, CUT_INPUT_CHARS);
      return known ? [] : [announce(call)];
    },
    parts: () => parts.filter(holdsSomething).map((part) => ({ ...part })),
    calls: () =>
      calls.map(({ part, providerCallId }) => ({
        id: part.id,
        providerCallId,
        name: part.name,
        input: part.input.trim() === '' ? '{}' : part.input,
      })),
    reset() {
      parts = [];
      calls = [];
      openCalls = new Map();
      blocks = new Map();
    },
  };
}

function holdsSomething(part: ContentPart): boolean {
  if (part.type === 'text') return part.text !== '';
  if (part.type !== 'reasoning') return true;
  return part.thinking !== '' || part.signature !== undefined || part.provider_metadata !== undefined;
}
