import type { MessagePart } from '#domain/message/message.ts';
import type { StreamDelta } from '#domain/protocol/session-frames.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';

export function isFinished(message: MessageView): boolean {
  return message.Parts.some((part) => part.type === 'finish');
}

/** The readable text of a message. */
export function textOf(message: MessageView): string {
  return message.Parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** Adds a delta to its message. A finished message takes no more; an unknown one is begun. */
export function appendDelta(
  messages: ReadonlyMap<string, MessageView>,
  delta: StreamDelta,
): ReadonlyMap<string, MessageView> {
  const message = messages.get(delta.message_id) ?? newAssistantMessage(delta);
  if (isFinished(message)) return messages;
  return new Map(messages).set(message.ID, { ...message, Parts: appendToParts(message.Parts, delta) });
}

function appendToParts(parts: MessagePart[], delta: StreamDelta): MessagePart[] {
  const last = parts.at(-1);
  const id = delta.tool_call_id ?? '';
  switch (delta.delta_type) {
    case 'text':
      if (last?.type !== 'text') return [...parts, { type: 'text', text: delta.content }];
      return [...parts.slice(0, -1), { ...last, text: last.text + delta.content }];
    case 'reasoning':
      if (last?.type !== 'reasoning') return [...parts, { type: 'reasoning', thinking: delta.content }];
      return [...parts.slice(0, -1), { ...last, thinking: last.thinking + delta.content }];
    case 'tool_call':
      if (parts.some((part) => part.type === 'tool_call' && part.id === id)) return parts;
      return [
        ...parts,
        { type: 'tool_call', id, name: delta.tool_call_name ?? '', input: '', finished: false },
      ];
    case 'tool_call_input':
      return parts.map((part) =>
        part.type === 'tool_call' && part.id === id ? { ...part, input: part.input + delta.content } : part,
      );
    case 'finish':
      return [...parts, { type: 'finish', reason: delta.finish_reason ?? 'unknown', time: delta.timestamp }];
    case 'error':
      return [...parts, { type: 'finish', reason: 'error', time: delta.timestamp, message: delta.content }];
    default:
      return parts;
  }
}

function newAssistantMessage(delta: StreamDelta): MessageView {
  return {
    ID: delta.message_id,
    Role: 'assistant',
    SessionID: delta.session_id,
    Parts: [],
    Model: '',
    Provider: '',
    CreatedAt: delta.timestamp,
    UpdatedAt: delta.timestamp,
    IsSummaryMessage: false,
  };
}
