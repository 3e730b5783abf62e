import type { MessageView } from '../protocol/views/message.ts';
import type { MessagePartView } from '../protocol/views/message-parts.ts';
import type { Message, MessagePart } from './message.ts';

export function toMessageView(message: Message): MessageView {
  return {
    ID: message.id,
    Role: message.role,
    SessionID: message.sessionId,
    Parts: [...message.parts.flatMap(toPartView), ...finishOfUser(message)],
    Model: message.model,
    Provider: message.provider,
    CreatedAt: message.createdAt,
    UpdatedAt: message.updatedAt,
    IsSummaryMessage: message.isSummary,
  };
}

/** Clients take a message without a finish part for one that is still being written. */
function finishOfUser({ role, createdAt }: Message): MessagePartView[] {
  return role === 'user' ? [{ type: 'finish', reason: 'stop', time: createdAt }] : [];
}

/** Without what only the server or the provider understands; a block of reasoning without text is nothing to show. */
function toPartView(part: MessagePart): MessagePartView[] {
  if (part.type === 'reasoning') {
    const { provider_metadata: _, ...shown } = part;
    return part.thinking === '' ? [] : [shown];
  }
  if (part.type === 'tool_call') {
    const { provider_metadata: _, provider_call_id: __, ...shown } = part;
    return [shown];
  }
  if (part.type === 'finish') {
    const { context_tokens: _, ...shown } = part;
    return [shown];
  }
  if (part.type !== 'tool_result') return [part];
  const { stop_turn: _, ...shown } = part;
  return [shown];
}
