import type {
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from '@ai-sdk/provider';
import type { ModelPart, StopReason } from '#domain/provider/index.ts';

type FinishPart = Extract<LanguageModelV3StreamPart, { type: 'finish' }>;
type ToolCallPart = Extract<LanguageModelV3StreamPart, { type: 'tool-call' }>;
type Metadata = Record<string, unknown>;

export interface PartMapper {
  /** What the part means for us: nothing, one part or several. */
  map(part: LanguageModelV3StreamPart): ModelPart | ModelPart[] | null;
  /** The first error of the stream. */
  error(): unknown;
  finish(): { reason: LanguageModelV3FinishReason; usage: LanguageModelV3Usage } | null;
  toolCalls(): number;
  outputCharacters(): number;
}

/** Reads one stream. Reasoning blocks of the providers do not overlap, so ours carry no id. */
export function createPartMapper(): PartMapper {
  const started = new Set<string>();
  const reasoning = new Map<string, Metadata>();
  let finish: FinishPart | null = null;
  let error: unknown;
  let toolCalls = 0;
  let characters = 0;

  function note(id: string, metadata: Metadata | undefined): void {
    if (metadata) reasoning.set(id, mergeMetadata(reasoning.get(id), metadata));
  }

  function endReasoning(id: string): ModelPart {
    const providerMetadata = reasoning.get(id);
    reasoning.delete(id);
    return { type: 'reasoning_end', signature: signatureOf(providerMetadata), providerMetadata };
  }

  function start(callId: string, name: string): ModelPart | null {
    if (started.has(callId)) return null;
    started.add(callId);
    return { type: 'tool_call_start', callId, name };
  }

  function toolCall(part: ToolCallPart): ModelPart | ModelPart[] {
    toolCalls += 1;
    const call: ModelPart = {
      type: 'tool_call',
      callId: part.toolCallId,
      name: part.toolName,
      input: part.input.trim() === '' ? '{}' : part.input,
      providerMetadata: part.providerMetadata,
    };
    const first = start(part.toolCallId, part.toolName);
    return first ? [first, call] : call;
  }

  return {
    map(part) {
      switch (part.type) {
        case 'text-delta':
          characters += part.delta.length;
          return part.delta === '' ? null : { type: 'text', text: part.delta };
        case 'reasoning-delta':
          note(part.id, part.providerMetadata);
          characters += part.delta.length;
          return part.delta === '' ? null : { type: 'reasoning', text: part.delta };
        case 'reasoning-start':
          note(part.id, part.providerMetadata);
          return null;
        case 'reasoning-end':
          note(part.id, part.providerMetadata);
          return endReasoning(part.id);
        case 'tool-input-start':
          return start(part.id, part.toolName);
        case 'tool-input-delta':
          characters += part.delta.length;
          return part.delta === '' ? null : { type: 'tool_call_input', callId: part.id, text: part.delta };
        case 'tool-call':
          return toolCall(part);
        case 'finish':
          finish = part;
          return null;
        case 'error':
          error ??= part.error ?? new Error('error part');
          return null;
        default:
          return null;
      }
    },
    error: () => error,
    finish: () => finish && { reason: finish.finishReason, usage: finish.usage },
    toolCalls: () => toolCalls,
    outputCharacters: () => characters,
  };
}

const STOP_REASONS: Record<LanguageModelV3FinishReason['unified'], StopReason> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content_filter',
  'tool-calls': 'tool_calls',
  error: 'error',
  other: 'unknown',
};

/** Providers disagree on `stop` and `tool_calls`: whether there are calls decides between the two. */
export function toStopReason(reason: LanguageModelV3FinishReason, toolCalls: number): StopReason {
  const stop = STOP_REASONS[reason.unified];
  if (stop === 'stop' || stop === 'tool_calls') return toolCalls > 0 ? 'tool_calls' : 'stop';
  return stop;
}

/** Signature, item id and encrypted content of one block may come in separate parts. */
function mergeMetadata(before: Metadata | undefined, next: Metadata): Metadata {
  const merged: Metadata = { ...before };
  for (const [provider, value] of Object.entries(next)) {
    const known = merged[provider];
    merged[provider] = isObject(known) && isObject(value) ? { ...known, ...value } : value;
  }
  return merged;
}

function signatureOf(metadata: Metadata | undefined): string | undefined {
  for (const value of Object.values(metadata ?? {})) {
    if (isObject(value) && typeof value.signature === 'string') return value.signature;
  }
  return undefined;
}

function isObject(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null;
}
