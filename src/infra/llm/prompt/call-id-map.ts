import type { PromptMessage } from '#domain/provider/index.ts';
import type { CallIdFormat } from '../families/call-ids.ts';

/** The id that a call has on the wire, by our own id: the same for call and result, no two alike. */
export type CallIdMap = (id: string) => string;

/** The first call with an id keeps it if the family takes it; further ones, and the rest, get one that fits. */
export function mapCallIds(messages: readonly PromptMessage[], format: CallIdFormat): CallIdMap {
  const byId = new Map<string, string>();
  const taken = new Set<string>();
  for (const message of messages) {
    if (message.role !== 'assistant') continue;
    for (const part of message.parts) {
      if (part.type !== 'tool_call') continue;
      const wanted = part.providerCallId ?? part.id;
      const isForeign = part.isForeign ?? false;
      let id = wanted;
      for (let salt = 0; taken.has(id) || (salt === 0 && !format.accepts(id, isForeign)); salt += 1) {
        id = format.make({ id: wanted, name: part.name, position: byId.size, salt });
      }
      taken.add(id);
      byId.set(part.id, id);
    }
  }
  return (id) => byId.get(id) ?? fitting(id, format);
}

function fitting(id: string, format: CallIdFormat): string {
  return format.accepts(id, true) ? id : format.make({ id, name: 'unknown', position: 0, salt: 0 });
}
