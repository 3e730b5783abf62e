import { withoutHalfPair } from '#shared/text.ts';
import type { Delta } from './publisher.ts';

/** Beyond this a merged delta delays its own first character for no gain. */
export const MAX_MERGED_CHARS = 2048;

const MERGEABLE: ReadonlySet<Delta['delta_type']> = new Set(['text', 'reasoning', 'tool_call_input']);

/** Whether both go to the same place of the same message, so that one may carry the text of both. */
export function samePart(a: Delta, b: Delta): boolean {
  return (
    MERGEABLE.has(a.delta_type) &&
    a.delta_type === b.delta_type &&
    a.message_id === b.message_id &&
    a.tool_call_id === b.tool_call_id
  );
}

/** Cuts off a high surrogate at the end: its other half comes with the next delta. */
export function splitSurrogate(content: string): { whole: string; rest: string } {
  const whole = withoutHalfPair(content);
  return { whole, rest: content.slice(whole.length) };
}

export function isMergeable(delta: Delta): boolean {
  return MERGEABLE.has(delta.delta_type);
}
