import type { LanguageModelV3FinishReason, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { ModelPart, StopReason, Usage } from '#domain/provider/index.ts';
import { sideFactsOf } from '../dialects/normalizer.ts';
import { mendInput } from './call-input.ts';
import { resolveToolName } from './call-name.ts';
import { type Metadata, mergeDetails, mergeMetadata, signatureOf } from './metadata.ts';
import { createThinkSplitter, type ThinkEvent } from './think-tags.ts';

type FinishPart = Extract<LanguageModelV3StreamPart, { type: 'finish' }>;
type ToolCallPart = Extract<LanguageModelV3StreamPart, { type: 'tool-call' }>;

export interface PartMapper {
  /** What the part means for us: nothing, one part or several. */
  map(part: LanguageModelV3StreamPart): ModelPart[];
  /** The first error of the stream. */
  error(): unknown;
  finish(): LanguageModelV3FinishReason | null;
  /** The provider's figures so far, or null when it sent none. */
  usage(): Usage | null;
  toolCalls(): number;
  outputCharacters(): number;
}

export interface PartMapperOptions {
  /** Names of the tools that were declared. */
  tools: ReadonlySet<string>;
  /** The provider may leave reasoning in the text, between tags. */
  thinkTags: boolean;
}

/** Reads one stream. */
export function createPartMapper(options: PartMapperOptions): PartMapper {
  const started = new Map<string, string>();
  const blocks = new Map<string, { blockId: string; metadata: Metadata | undefined }>();
  const splitter = options.thinkTags ? createThinkSplitter() : null;
  let blockCount = 0;
  let details: Metadata[] = [];
  let extras: Record<string, unknown> = {};
  let usage: Usage | null = null;
  let finish: FinishPart | null = null;
  let error: unknown;
  let toolCalls = 0;
  let characters = 0;

  function openBlock(id: string, metadata: Metadata | undefined): ModelPart {
    const blockId = `r${blockCount}`;
    blockCount += 1;
    blocks.set(id, { blockId, metadata });
    return { type: 'reasoning_start', blockId };
  }

  function note(id: string, metadata: Metadata | undefined): void {
    const block = blocks.get(id);
    if (block && metadata) block.metadata = mergeMetadata(block.metadata, metadata);
  }

  function closeBlock(id: string): ModelPart[] {
    const block = blocks.get(id);
    if (!block) return [];
    blocks.delete(id);
    const own = details.length > 0 ? { openrouter: { reasoning_details: details } } : undefined;
    details = [];
    const metadata = own ? mergeMetadata(block.metadata, own) : block.metadata;
    const { blockId } = block;
    return [{ type: 'reasoning_end', blockId, signature: signatureOf(metadata), providerMetadata: metadata }];
  }

  function reasoning(id: string, text: string): ModelPart[] {
    splitter?.noteReasoning();
    characters += text.length;
    const opened = blocks.has(id) ? [] : [openBlock(id, undefined)];
    const { blockId = '' } = blocks.get(id) ?? {};
    return text === '' ? opened : [...opened, { type: 'reasoning', blockId, text }];
  }

  function split(events: ThinkEvent[]): ModelPart[] {
    return events.flatMap((event): ModelPart[] => {
      if (event.type === 'open') return [openBlock(TAGGED, undefined)];
      if (event.type === 'close') return closeBlock(TAGGED);
      if (event.type === 'text_was_reasoning') return [event];
      return event.type === 'reasoning'
        ? reasoning(TAGGED, event.text)
        : [{ type: 'text', text: event.text }];
    });
  }

  function text(delta: string): ModelPart[] {
    if (splitter) {
      characters += delta.length;
      return split(splitter.push(delta));
    }
    characters += delta.length;
    return delta === '' ? [] : [{ type: 'text', text: delta }];
  }

  function start(callId: string, said: string): ModelPart[] {
    const before = splitter ? split(splitter.flush()) : [];
    if (started.has(callId)) return before;
    const name = resolveToolName(said, options.tools);
    started.set(callId, name);
    return [...before, { type: 'tool_call_start', callId, name }];
  }

  function toolCall(part: ToolCallPart): ModelPart[] {
    const first = start(part.toolCallId, part.toolName);
    const name = started.get(part.toolCallId) ?? part.toolName;
    // A provider that repeats an id means another call.
    started.delete(part.toolCallId);
    toolCalls += 1;
    const extra = extras[part.toolCallId];
    const given = part.providerMetadata;
    const providerMetadata = extra
      ? mergeMetadata(given, { openaiCompatible: { extra_content: extra } })
      : given;
    const input = mendInput(part.input);
    return [...first, { type: 'tool_call', callId: part.toolCallId, name, input, providerMetadata }];
  }

  function end(part: FinishPart): ModelPart[] {
    finish = part;
    const last = splitter ? split(splitter.flush()) : [];
    const rest = [...blocks.keys()].flatMap(closeBlock);
    if (details.length === 0) return [...last, ...rest];
    return [...last, ...rest, openBlock(TAGGED, undefined), ...closeBlock(TAGGED)];
  }

  function readSide(payload: unknown): ModelPart[] {
    const facts = sideFactsOf(payload);
    if (facts?.usage) usage = facts.usage;
    if (facts?.callExtras) extras = { ...extras, ...facts.callExtras };
    if (facts?.reasoningDetails) details = mergeDetails(details, facts.reasoningDetails);
    return [];
  }

  return {
    map(part) {
      switch (part.type) {
        case 'raw':
          return readSide(part.rawValue);
        case 'text-delta':
          return text(part.delta);
        case 'reasoning-start':
          return [openBlock(part.id, part.providerMetadata)];
        case 'reasoning-delta':
          note(part.id, part.providerMetadata);
          return reasoning(part.id, part.delta);
        case 'reasoning-end':
          note(part.id, part.providerMetadata);
          return closeBlock(part.id);
        case 'tool-input-start':
          return start(part.id, part.toolName);
        case 'tool-input-delta':
          characters += part.delta.length;
          return part.delta === '' ? [] : [{ type: 'tool_call_input', callId: part.id, text: part.delta }];
        case 'tool-call':
          return toolCall(part);
        case 'finish':
          return end(part);
        case 'error':
          error ??= part.error ?? new Error('error part');
          return [];
        default:
          return [];
      }
    },
    error: () => error,
    finish: () => finish?.finishReason ?? null,
    usage: () => usage,
    toolCalls: () => toolCalls,
    outputCharacters: () => characters,
  };
}

/** Stands for the block of reasoning that is found in the text. */
const TAGGED = 'tagged';

const STOP_REASONS: Record<LanguageModelV3FinishReason['unified'], StopReason> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content_filter',
  'tool-calls': 'tool_calls',
  error: 'error',
  other: 'unknown',
};

/**
 * Providers disagree on `stop` and `tool_calls`, and new words come up: unless the answer was cut or filtered,
 * whether there are calls decides.
 */
export function toStopReason(reason: LanguageModelV3FinishReason, toolCalls: number): StopReason {
  const stop = STOP_REASONS[reason.unified];
  if (stop === 'unknown' && toolCalls > 0) return 'tool_calls';
  if (stop === 'stop' || stop === 'tool_calls') return toolCalls > 0 ? 'tool_calls' : 'stop';
  return stop;
}
