import type { LanguageModelV3Usage } from '@ai-sdk/provider';
import type { ModelRequest, PromptMessage, PromptPart, Usage } from '#domain/provider/index.ts';

const CHARACTERS_PER_TOKEN = 4;

/** The provider's figures, or null when it sent none. */
export function toUsage(usage: LanguageModelV3Usage | undefined): Usage | null {
  if (!usage) return null;
  const { inputTokens, outputTokens } = usage;
  if (!inputTokens.total && !outputTokens.total) return null;
  const cacheReadTokens = inputTokens.cacheRead ?? 0;
  const cacheWriteTokens = inputTokens.cacheWrite ?? 0;
  const uncached = inputTokens.noCache ?? (inputTokens.total ?? 0) - cacheReadTokens - cacheWriteTokens;
  return {
    inputTokens: Math.max(0, uncached),
    outputTokens: outputTokens.total ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
    estimated: false,
  };
}

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
