import { pieces, type ScriptedStep, type ScriptedToolCall, textDeltas } from './script.ts';

/** One server-sent event; `paced` ones are kept apart by the step's pace. */
export interface ScriptedEvent {
  event?: string;
  data: unknown;
  paced?: boolean;
}

/** What a step says before it ends or breaks, and how it ends. */
export interface Dialect {
  body(step: ScriptedStep): Generator<ScriptedEvent>;
  end(step: ScriptedStep): Generator<ScriptedEvent>;
  errorEvent(error: NonNullable<ScriptedStep['errorEvent']>): ScriptedEvent;
  errorBody(message: string): unknown;
}

function inputOf(call: ScriptedToolCall, step: ScriptedStep): string {
  return step.emptyArguments ? '' : JSON.stringify(call.input);
}

const CHAT_BASE = { id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 1, model: 'scripted' };

function chat(delta: object, finishReason: string | null = null): object {
  return { ...CHAT_BASE, choices: [{ index: 0, delta, finish_reason: finishReason }] };
}

function chatUsage({ usage }: ScriptedStep): object | null {
  if (usage === null) return null;
  const { input = 10, output = 5, cacheRead = 0 } = usage ?? {};
  return {
    prompt_tokens: input + cacheRead,
    completion_tokens: output,
    total_tokens: input + cacheRead + output,
    prompt_tokens_details: { cached_tokens: cacheRead },
  };
}

function* chatCalls(step: ScriptedStep): Generator<ScriptedEvent> {
  for (const [index, call] of (step.toolCalls ?? []).entries()) {
    const { id, name } = call;
    const text = inputOf(call, step);
    const first = step.wholeToolCall ? text : '';
    const start = { index, id, type: 'function', function: { name, arguments: first } };
    yield { data: chat({ content: null, tool_calls: [start] }) };
    if (step.wholeToolCall) continue;
    for (const piece of pieces(text, step.splitToolInput ?? 2)) {
      yield { data: chat({ tool_calls: [{ index, function: { arguments: piece } }] }) };
    }
  }
}

export const chatDialect: Dialect = {
  *body(step) {
    yield { data: chat({ role: 'assistant', content: null }) };
    for (const piece of pieces(step.reasoning ?? '', 2)) yield { data: chat({ reasoning_content: piece }) };
    for (const piece of textDeltas(step)) yield { data: chat({ content: piece }), paced: true };
    yield* chatCalls(step);
  },
  *end(step) {
    const usage = chatUsage(step);
    yield { data: chat({}, step.finishReason ?? (step.toolCalls ? 'tool_calls' : 'stop')) };
    if (usage && step.usageAfterFinish) {
      yield { data: { ...CHAT_BASE, choices: [{ index: 0, delta: {}, finish_reason: null }], usage } };
    } else if (usage) {
      yield { data: { ...CHAT_BASE, choices: [], usage } };
    }
    yield { data: '[DONE]' };
  },
  errorEvent: ({ type = 'server_error', code, message }) => ({ data: { error: { message, type, code } } }),
  errorBody: (message) => ({ error: { message, type: 'scripted_error' } }),
};

function* block(
  index: number,
  start: object,
  deltas: Iterable<object>,
  paced = false,
): Generator<ScriptedEvent> {
  yield anthropic('content_block_start', { index, content_block: start });
  for (const delta of deltas) yield { ...anthropic('content_block_delta', { index, delta }), paced };
  yield anthropic('content_block_stop', { index });
}

function anthropic(event: string, data: object): ScriptedEvent {
  return { event, data: { type: event, ...data } };
}

function* textDeltaObjects(step: ScriptedStep): Generator<object> {
  for (const text of textDeltas(step)) yield { type: 'text_delta', text };
}

function* thinkingDeltas(step: ScriptedStep): Generator<object> {
  for (const thinking of pieces(step.reasoning ?? '', 2)) yield { type: 'thinking_delta', thinking };
  if (step.signature) yield { type: 'signature_delta', signature: step.signature };
}

function toolPieces(call: ScriptedToolCall, step: ScriptedStep): object[] {
  const count = step.wholeToolCall ? 1 : (step.splitToolInput ?? 2);
  return pieces(inputOf(call, step), count).map((partial_json) => ({
    type: 'input_json_delta',
    partial_json,
  }));
}

export const anthropicDialect: Dialect = {
  *body(step) {
    const { input = 10, cacheRead = 0 } = step.usage ?? {};
    const usage =
      step.usage === null ? undefined : { input_tokens: input, cache_read_input_tokens: cacheRead };
    yield anthropic('message_start', {
      message: {
        id: 'msg_scripted',
        type: 'message',
        role: 'assistant',
        model: 'scripted',
        content: [],
        usage,
      },
    });
    yield anthropic('ping', {});
    let index = 0;
    if (step.reasoning) yield* block(index++, { type: 'thinking', thinking: '' }, thinkingDeltas(step));
    if (step.text !== undefined || step.deltas) {
      yield* block(index++, { type: 'text', text: '' }, textDeltaObjects(step), true);
    }
    for (const call of step.toolCalls ?? []) {
      const start = { type: 'tool_use', id: call.id, name: call.name, input: {} };
      yield* block(index++, start, toolPieces(call, step));
    }
  },
  *end(step) {
    const stop_reason = step.finishReason ?? (step.toolCalls ? 'tool_use' : 'end_turn');
    const usage = step.usage === null ? undefined : { output_tokens: step.usage?.output ?? 5 };
    yield anthropic('message_delta', { delta: { stop_reason, stop_sequence: null }, usage });
    yield anthropic('message_stop', {});
  },
  errorEvent: ({ type = 'api_error', message }) => anthropic('error', { error: { type, message } }),
  errorBody: (message) => ({ type: 'error', error: { type: 'scripted_error', message } }),
};
