import type { StreamDelta } from './session-frames.ts';
import type { MessagePartView } from './views/message-parts.ts';

/** The part of a `stream_delta` frame that changes a message. */
export type PartDelta = Omit<StreamDelta, 'Type' | 'session_id' | 'message_id'>;

/** The parts after one delta; the given ones are left alone. A finished message takes no more. */
export function applyDelta(parts: readonly MessagePartView[], delta: PartDelta): MessagePartView[] {
  if (parts.some((part) => part.type === 'finish')) return [...parts];
  const last = parts.at(-1);
  const id = delta.tool_call_id ?? '';
  const isCall = (part: MessagePartView) => part.type === 'tool_call' && part.id === id;
  switch (delta.delta_type) {
    case 'text':
      if (last?.type !== 'text') return [...parts, { type: 'text', text: delta.content }];
      return [...parts.slice(0, -1), { ...last, text: last.text + delta.content }];
    case 'reasoning':
      if (last?.type !== 'reasoning') return [...parts, { type: 'reasoning', thinking: delta.content }];
      return [...parts.slice(0, -1), { ...last, thinking: last.thinking + delta.content }];
    case 'tool_call':
      if (parts.some(isCall)) return [...parts];
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
  }
}
