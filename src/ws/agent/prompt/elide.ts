import type { PromptMessage, PromptPart } from '#domain/provider/index.ts';

const KEPT_CHARS = 200;
const MIN_TEXT_CHARS = 500;
const BEGINNING_LEFT_OUT = '[The beginning of the conversation is left out here.]';

/**
 * The messages with at most about `budget` characters behind the system prompt, for a summary of a conversation that
 * does not fit. What says least goes first: old results, then the last ones, inputs, reasoning, long texts, and in
 * the end the oldest messages.
 */
export function elide(messages: readonly PromptMessage[], budget: number): PromptMessage[] {
  const [system, ...rest] = messages;
  if (!system) return [];
  const lastResults = rest.findLastIndex(({ role }) => role === 'tool');
  let kept = rest;
  const passes: Array<(message: PromptMessage, at: number) => PromptMessage> = [
    (message, at) => (at < lastResults ? withoutResults(message) : message),
    withoutResults,
    (message) => mapParts(message, (part) => (part.type === 'tool_call' ? withoutInput(part) : [part])),
    (message) => mapParts(message, (part) => (part.type === 'reasoning' ? [] : [part])),
  ];
  for (const pass of passes) {
    kept = elideFromOldest(kept, pass, budget);
    if (sizeOf(kept) <= budget) return [system, ...kept];
  }
  const perText = Math.max(MIN_TEXT_CHARS, Math.floor(budget / Math.max(1, kept.length)));
  kept = kept.map((message) => mapParts(message, (part) => [cutText(part, perText)]));
  return [system, ...dropOldest(kept, budget)];
}

function elideFromOldest(
  messages: readonly PromptMessage[],
  pass: (message: PromptMessage, at: number) => PromptMessage,
  budget: number,
): PromptMessage[] {
  let size = sizeOf(messages);
  return messages.map((message, at) => {
    if (size <= budget) return message;
    const shorter = pass(message, at);
    size += sizeOf([shorter]) - sizeOf([message]);
    return shorter;
  });
}

function withoutResults(message: PromptMessage): PromptMessage {
  if (message.role !== 'tool') return message;
  return {
    ...message,
    results: message.results.map(({ image: _, ...result }) => ({ ...result, text: shorten(result.text) })),
  };
}

function shorten(text: string): string {
  if (text.length <= KEPT_CHARS) return text;
  return `[${text.length} characters of this result are left out.]`;
}

function withoutInput(part: Extract<PromptPart, { type: 'tool_call' }>): PromptPart[] {
  const length = JSON.stringify(part.input).length;
  return [length <= KEPT_CHARS ? part : { ...part, input: { left_out: `${length} characters` } }];
}

function cutText(part: PromptPart, max: number): PromptPart {
  if (part.type !== 'text' || part.text.length <= max) return part;
  const half = Math.floor(max / 2);
  const left = part.text.length - 2 * half;
  const text = `${part.text.slice(0, half)}\n[${left} characters are left out.]\n${part.text.slice(-half)}`;
  return { ...part, text: text.toWellFormed() };
}

function mapParts(message: PromptMessage, change: (part: PromptPart) => PromptPart[]): PromptMessage {
  if (message.role !== 'user' && message.role !== 'assistant') return message;
  return { ...message, parts: message.parts.flatMap(change) };
}

/** Results go with the answer that asked for them. */
function dropOldest(messages: readonly PromptMessage[], budget: number): PromptMessage[] {
  let size = sizeOf(messages);
  let from = 0;
  while (from < messages.length - 1 && (size > budget || messages[from]?.role === 'tool')) {
    size -= sizeOf(messages.slice(from, from + 1));
    from += 1;
  }
  if (from === 0) return [...messages];
  return [{ role: 'user', parts: [{ type: 'text', text: BEGINNING_LEFT_OUT }] }, ...messages.slice(from)];
}

/** In characters; an image counts as some thousand. */
export function sizeOf(messages: readonly PromptMessage[]): number {
  return messages.reduce((sum, message) => sum + sizeOfMessage(message), 0);
}

const IMAGE_CHARS = 5000;

function sizeOfMessage(message: PromptMessage): number {
  if (message.role === 'system') return message.text.length;
  if (message.role === 'tool') {
    return message.results.reduce((sum, { text, image }) => sum + text.length + (image ? IMAGE_CHARS : 0), 0);
  }
  return message.parts.reduce((sum, part) => sum + sizeOfPart(part), 0);
}

function sizeOfPart(part: PromptPart): number {
  if (part.type === 'image') return IMAGE_CHARS;
  return part.type === 'tool_call' ? JSON.stringify(part.input).length : part.text.length;
}
