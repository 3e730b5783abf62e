import type { MessagePart } from './message.ts';

/** What a part counts besides its texts. */
const PART_CHARS = 100;

/** Characters of a message's parts, about: what it takes to store, send and load it. */
export function sizeOfParts(parts: readonly MessagePart[]): number {
  return parts.reduce((sum, part) => sum + PART_CHARS + charsOf(part), 0);
}

function charsOf(part: MessagePart): number {
  switch (part.type) {
    case 'text':
      return part.text.length;
    case 'reasoning':
      return part.thinking.length + metadataChars(part.provider_metadata);
    case 'tool_call':
      return part.input.length + metadataChars(part.provider_metadata);
    case 'tool_result':
      return part.content.length + (part.metadata?.length ?? 0) + (part.data?.length ?? 0);
    default:
      return 0;
  }
}

/** Signatures and encrypted reasoning. */
function metadataChars(metadata: unknown): number {
  if (typeof metadata === 'string') return metadata.length;
  if (typeof metadata !== 'object' || metadata === null) return 0;
  return Object.values(metadata).reduce<number>((sum, value) => sum + metadataChars(value), 0);
}
