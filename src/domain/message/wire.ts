import type { Message, MessagePart } from './message.ts';

/** The message object of the protocol: capitalised keys, flat parts told apart by their keys. */
export interface MessageView {
  ID: string;
  Role: Message['role'];
  SessionID: string;
  Parts: MessagePart[];
  Model: string;
  Provider: string;
  CreatedAt: number;
  UpdatedAt: number;
  IsSummaryMessage: boolean;
}

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
function finishOfUser({ role, createdAt }: Message): MessagePart[] {
  return role === 'user' ? [{ type: 'finish', reason: 'stop', time: createdAt }] : [];
}

/** Without what only the provider understands; a block of reasoning without text is nothing to show. */
function toPartView(part: MessagePart): MessagePart[] {
  if (part.type === 'reasoning') {
    const { provider_metadata: _, ...shown } = part;
    return part.thinking === '' ? [] : [shown];
  }
  if (part.type !== 'tool_call') return [part];
  const { provider_metadata: _, provider_call_id: __, ...shown } = part;
  return [shown];
}
