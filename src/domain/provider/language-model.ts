import type { ModelSelection } from './provider.ts';

export type PromptPart =
  | { type: 'text'; text: string }
  | { type: 'image'; mediaType: string; data: Uint8Array }
  /** One block, as it came; its text may be empty. */
  | { type: 'reasoning'; text: string; providerMetadata?: Record<string, unknown>; isForeign?: boolean }
  | {
      type: 'tool_call';
      id: string;
      /** What the provider called it. */
      providerCallId?: string;
      name: string;
      input: unknown;
      providerMetadata?: Record<string, unknown>;
      /** Another provider or model made it; its metadata mean nothing to the one that is asked. */
      isForeign?: boolean;
    };

export interface PromptToolResult {
  toolCallId: string;
  toolName: string;
  text: string;
  isError: boolean;
  image?: { mediaType: string; data: Uint8Array };
}

export type PromptMessage =
  | { role: 'system'; text: string }
  | { role: 'user'; parts: PromptPart[] }
  | { role: 'assistant'; parts: PromptPart[] }
  | { role: 'tool'; results: PromptToolResult[] };

export interface ToolDeclaration {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  inputSchema: Record<string, unknown>;
}

export interface ModelRequest {
  selection: ModelSelection;
  messages: PromptMessage[];
  tools: ToolDeclaration[];
  maxTokens?: number;
  sessionId: string;
}

export interface Usage {
  /** Prompt tokens that were neither read from nor written to the cache. */
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** US dollars, where the provider says what it took. */
  reportedCost?: number;
  /** True when the provider sent none and characters were counted instead. */
  estimated: boolean;
}

export type StopReason =
  | 'stop'
  | 'length'
  | 'tool_calls'
  | 'content_filter'
  | 'error'
  | 'cancelled'
  | 'unknown';

/**
 * `callId` is the provider's. A reasoning block goes from its start to its end, and blocks may overlap.
 * `text_was_reasoning`: all text since the start of the answer. `restart` withdraws everything streamed so far: the
 * call is being retried, and `usage` is what the withdrawn attempt took.
 * The last part is always one `finish`; after an error its `stopReason` is `error` or `cancelled`.
 */
export type ModelPart =
  | { type: 'text'; text: string }
  | { type: 'reasoning_start'; blockId: string }
  | { type: 'reasoning'; blockId: string; text: string }
  | {
      type: 'reasoning_end';
      blockId: string;
      signature?: string;
      providerMetadata?: Record<string, unknown>;
    }
  | { type: 'text_was_reasoning' }
  | { type: 'tool_call_start'; callId: string; name: string }
  | { type: 'tool_call_input'; callId: string; text: string }
  | {
      type: 'tool_call';
      callId: string;
      name: string;
      input: string;
      providerMetadata?: Record<string, unknown>;
    }
  | { type: 'restart'; attempt: number; reason: string; usage?: Usage }
  | { type: 'finish'; stopReason: StopReason; usage: Usage; error?: ModelError };

export interface ModelError {
  code:
    | 'auth'
    | 'rate_limited'
    | 'bad_request'
    | 'unavailable'
    | 'protocol'
    | 'context_overflow'
    | 'refused_address';
  /** A sentence for the user; no key, no header, no address of the operator's network. */
  message: string;
  status?: number;
}

/** One model call as a stream that never throws. Aborting the signal ends it with `cancelled`. */
export interface LanguageModel {
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelPart>;
}
