import { randomUUID } from 'node:crypto';
import { UNNAMED_TOOL } from './chat-calls.ts';
import { idOf, isObject, type Json, stringOf } from './json.ts';

type Kind = 'text' | 'thinking' | 'redacted_thinking' | 'tool_use';

export interface Block {
  kind: Kind;
  /** As the package wants the block announced. */
  start: Json;
  /** What some providers put into the start follows as deltas, where the package reads it. */
  first: Json[];
  /** The input that came with the start; deltas win. */
  input: unknown;
}

/** A block as it is started; null for kinds that we do not know. */
export function blockOf(source: Json): Block | null {
  switch (source.type) {
    case 'text':
      return block('text', { text: '' }, [{ type: 'text_delta', text: source.text }]);
    case 'thinking':
      return block('thinking', { thinking: '' }, [
        { type: 'thinking_delta', thinking: source.thinking },
        { type: 'signature_delta', signature: source.signature },
      ]);
    case 'redacted_thinking':
      return stringOf(source.data) === '' ? null : block('redacted_thinking', { data: source.data }, []);
    case 'tool_use': {
      const id = idOf(source.id) ?? `toolu_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
      const name = stringOf(source.name).trim() || UNNAMED_TOOL;
      return { ...block('tool_use', { id, name }, []), input: source.input };
    }
    default:
      return null;
  }
}

function block(kind: Kind, fields: Json, first: Json[]): Block {
  const given = first.filter((piece) => blockDelta(piece)?.isContent || stringOf(piece.signature) !== '');
  return { kind, start: { type: kind, ...fields }, first: given, input: undefined };
}

export interface CleanDelta {
  delta: Json;
  /** The block that such a delta belongs to, for when its start is missing. */
  startsWith: Json & { type: Kind };
  isContent: boolean;
}

/** A delta with text where text belongs; null for kinds that we do not know. */
export function blockDelta(source: Json): CleanDelta | null {
  const { type } = source;
  if (type === 'text_delta') {
    const text = stringOf(source.text);
    return { delta: { type, text }, startsWith: { type: 'text' }, isContent: text !== '' };
  }
  if (type === 'thinking_delta') {
    const thinking = stringOf(source.thinking);
    return { delta: { type, thinking }, startsWith: { type: 'thinking' }, isContent: thinking !== '' };
  }
  if (type === 'signature_delta') {
    const signature = stringOf(source.signature);
    return { delta: { type, signature }, startsWith: { type: 'thinking' }, isContent: false };
  }
  if (type === 'input_json_delta') {
    const json = isObject(source.partial_json)
      ? JSON.stringify(source.partial_json)
      : stringOf(source.partial_json);
    return {
      delta: { type, partial_json: json },
      startsWith: { type: 'tool_use' },
      isContent: json !== '',
    };
  }
  return null;
}

export function startedInput({ input }: Block): string {
  if (typeof input === 'string') return input;
  return isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : '';
}
