import { ModelFailure } from '../failure.ts';
import type { MendPayload } from './sse.ts';

type Json = Record<string, unknown>;

/** Parses only what a cheap look finds suspicious: the usual chunk passes untouched. */
export const mendChat: MendPayload = (payload, event) => {
  if (!isOddChat(payload, event)) return payload;
  const chunk = parse(payload);
  const error = event === 'error' && chunk.error == null ? chunk : chunk.error;
  if (error != null) return JSON.stringify({ error: errorObject(error) });
  if (!Array.isArray(chunk.choices)) chunk.choices = [];
  delete chunk.error;
  for (const choice of objects(chunk.choices)) mendDelta(choice.delta);
  return JSON.stringify(chunk);
};

function isOddChat(payload: string, event: string): boolean {
  return (
    event === 'error' ||
    !/"choices" ?: ?\[/.test(payload) ||
    payload.includes('"error"') ||
    /"arguments" ?: ?\{/.test(payload) ||
    /"role" ?: ?"(?!assistant")/.test(payload)
  );
}

function mendDelta(delta: unknown): void {
  if (!isObject(delta)) return;
  if (delta.role !== 'assistant') delete delta.role;
  for (const call of objects(delta.tool_calls)) {
    const fn = call.function;
    if (isObject(fn) && isObject(fn.arguments)) fn.arguments = JSON.stringify(fn.arguments);
  }
}

const ANTHROPIC_EVENTS = new Set([
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'ping',
  'error',
]);
const ANTHROPIC_BLOCKS = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);
const ANTHROPIC_DELTAS = new Set(['text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta']);
const HOT_DELTA =
  /^\{"type":"content_block_delta","index":\d+,"delta":\{"type":"(?:text|thinking|input_json)_delta"/;

/** Event, block and delta types that came after this was written are skipped, as the protocol asks of clients. */
export const mendAnthropic: MendPayload = (payload, event) => {
  if (HOT_DELTA.test(payload)) return payload;
  const chunk = parse(payload);
  const type = chunk.type ?? event;
  if (type === 'error' || chunk.error != null) {
    return JSON.stringify({ type: 'error', error: errorObject(chunk.error ?? chunk) });
  }
  if (typeof type !== 'string' || !ANTHROPIC_EVENTS.has(type)) return null;
  if (type === 'content_block_start' && !ANTHROPIC_BLOCKS.has(typeOf(chunk.content_block))) return null;
  if (type === 'content_block_delta' && !ANTHROPIC_DELTAS.has(typeOf(chunk.delta))) return null;
  if (type === 'message_start') mendMessageStart(chunk);
  if (type === 'message_delta') {
    chunk.delta ??= {};
    chunk.usage = { output_tokens: 0, ...(isObject(chunk.usage) ? chunk.usage : {}) };
  }
  return JSON.stringify({ ...chunk, type });
};

function mendMessageStart(chunk: Json): void {
  const message = isObject(chunk.message) ? chunk.message : {};
  const usage = isObject(message.usage) ? message.usage : {};
  chunk.message = { ...message, usage: { input_tokens: 0, ...usage } };
}

/** Nothing but `[DONE]`, spaces and comments has to go, which the event parser does. */
export const mendResponses: MendPayload = (payload) => payload;

function errorObject(error: unknown): Json {
  if (typeof error === 'string') return { type: 'api_error', message: error };
  const source = isObject(error) ? error : {};
  const { type, code } = source;
  return {
    type: typeof type === 'string' ? type : 'api_error',
    message: typeof source.message === 'string' ? source.message : 'The provider gave no reason.',
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
  };
}

function parse(payload: string): Json {
  try {
    const value: unknown = JSON.parse(payload);
    if (isObject(value)) return value;
  } catch {
    // Falls through to the failure below.
  }
  throw new ModelFailure('protocol', 'The provider sent something that is not a model answer.');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function typeOf(value: unknown): string {
  const type = isObject(value) ? value.type : null;
  return typeof type === 'string' ? type : '';
}
