import { UNNAMED_TOOL } from './chat-calls.ts';
import { idOf, type Json, objects, stringOf } from './json.ts';

export interface Item {
  kind: 'message' | 'reasoning' | 'function_call';
  id: string;
  fields: Json;
  /** What an item holds besides when it is announced, and at its end. */
  initial: Json;
  final: Json;
  text: string;
  summary: string[];
  /** Its words were streamed. */
  hasText: boolean;
  isClosed: boolean;
}

/** An item of the output with what we use of it; null for kinds that we do not know. */
export function itemOf(source: Json, index: number, known: Item | undefined): Item | null {
  // An id that changes meanwhile would tear the item apart.
  const id = known?.id ?? idOf(source.id) ?? `item_${index}`;
  const item = { id, initial: {}, final: {}, text: '', summary: [], hasText: false, isClosed: false };
  switch (source.type) {
    case 'message':
      return { ...item, kind: 'message', fields: { type: 'message', id }, text: textOf(source.content) };
    case 'reasoning': {
      const encrypted = stringOf(source.encrypted_content) || null;
      const fields = { type: 'reasoning', id, encrypted_content: encrypted };
      const summary = objects(source.summary).map((part) => stringOf(part.text));
      return { ...item, kind: 'reasoning', fields, summary };
    }
    case 'function_call': {
      const given = source.arguments;
      const input = typeof given === 'object' && given !== null ? JSON.stringify(given) : stringOf(given);
      const callId = idOf(source.call_id) ?? idOf(known?.fields.call_id) ?? id;
      const name = stringOf(source.name).trim() || stringOf(known?.fields.name) || UNNAMED_TOOL;
      return {
        ...item,
        kind: 'function_call',
        fields: { type: 'function_call', id, call_id: callId, name },
        initial: { arguments: '' },
        final: { arguments: input, status: 'completed' },
      };
    }
    default:
      return null;
  }
}

function textOf(content: unknown): string {
  return objects(content)
    .map((part) => stringOf(part.text) || stringOf(part.refusal))
    .join('');
}
