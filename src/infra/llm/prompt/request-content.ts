import type { ModelRequest, PromptPart } from '#domain/provider/index.ts';

/** The bytes of all images of a request. */
export function imagesOf({ messages }: ModelRequest): Uint8Array[] {
  return messages.flatMap((message) => {
    if (message.role === 'tool') return message.results.flatMap(({ image }) => (image ? [image.data] : []));
    if (message.role === 'system') return [];
    return message.parts.flatMap((part) => (part.type === 'image' ? [part.data] : []));
  });
}

/** Whether the assistant's messages of a request hold such a part. */
export function hasPart({ messages }: ModelRequest, type: PromptPart['type']): boolean {
  return messages.some(
    (message) => message.role === 'assistant' && message.parts.some((part) => part.type === type),
  );
}
