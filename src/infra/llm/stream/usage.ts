import type { ModelRequest, PromptMessage, PromptPart, Usage } from '#domain/provider/index.ts';

const CHARACTERS_PER_TOKEN = 4;

/** Counts characters; for providers that send no usage, and for calls that broke off. */
export function estimateUsage(request: ModelRequest, outputCharacters: number): Usage {
  return {
    inputTokens: Math.ceil(requestCharacters(request) / CHARACTERS_PER_TOKEN),
    outputTokens: Math.ceil(outputCharacters / CHARACTERS_PER_TOKEN),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    estimated: true,
  };
}

export const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  estimated: true,
};

function requestCharacters({ messages, tools }: ModelRequest): number {
  let characters = 0;
  for (const message of messages) characters += messageCharacters(message);
  for (const tool of tools) {
    characters += tool.name.length + tool.description.length + JSON.stringify(tool.inputSchema).length;
  }
  return characters;
}

function messageCharacters(message: PromptMessage): number {
  if (message.role === 'system') return message.text.length;
  if (message.role === 'tool') return message.results.reduce((sum, { text }) => sum + text.length, 0);
  return message.parts.reduce((sum, part) => sum + partCharacters(part), 0);
}

function partCharacters(part: PromptPart): number {
  if (part.type === 'image') return 0;
  if (part.type === 'tool_call') return part.name.length + JSON.stringify(part.input ?? null).length;
  return part.text.length;
}
