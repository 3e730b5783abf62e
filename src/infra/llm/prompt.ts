import { createHash } from 'node:crypto';
import type {
  JSONSchema7,
  LanguageModelV3FunctionTool,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3ToolResultPart,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import type { PromptMessage, PromptPart, PromptToolResult, ToolDeclaration } from '#domain/provider/index.ts';

export interface PromptRules {
  supportsImages: boolean;
  /** The provider takes an image inside a tool result; otherwise it follows in a user message. */
  imagesInToolResults: boolean;
  /** The provider takes ids of at most 64 letters, digits, `_` and `-` only. */
  strictToolCallIds: boolean;
}

type UserContent = Extract<LanguageModelV3Message, { role: 'user' }>['content'];
type AssistantContent = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'];

const IMAGE_OMITTED = '[image omitted: the model reads text only]';
const IMAGE_FOLLOWS = '[the image follows in the next message]';

/** Our history in the form that the provider packages take; empty texts and empty messages are left out. */
export function toPrompt(messages: PromptMessage[], rules: PromptRules): LanguageModelV3Prompt {
  return messages.flatMap((message) => toMessages(message, rules));
}

export function toTools(tools: ToolDeclaration[]): LanguageModelV3FunctionTool[] | undefined {
  if (tools.length === 0) return undefined;
  return tools.map(({ name, description, inputSchema }) => ({
    type: 'function',
    name,
    description,
    inputSchema: inputSchema as JSONSchema7,
    strict: false,
  }));
}

function toMessages(message: PromptMessage, rules: PromptRules): LanguageModelV3Message[] {
  switch (message.role) {
    case 'system':
      return message.text.trim() === '' ? [] : [{ role: 'system', content: message.text }];
    case 'user': {
      const content = message.parts.flatMap((part) => toUserContent(part, rules));
      return content.length > 0 ? [{ role: 'user', content }] : [];
    }
    case 'assistant': {
      const content = message.parts.flatMap((part) => toAssistantContent(part, rules));
      return content.length > 0 ? [{ role: 'assistant', content }] : [];
    }
    case 'tool':
      return toToolMessages(message.results, rules);
  }
}

function toUserContent(part: PromptPart, rules: PromptRules): UserContent {
  if (part.type === 'text') return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
  if (part.type !== 'image') return [];
  if (!rules.supportsImages) return [{ type: 'text', text: IMAGE_OMITTED }];
  return [{ type: 'file', mediaType: part.mediaType, data: part.data }];
}

function toAssistantContent(part: PromptPart, rules: PromptRules): AssistantContent {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    case 'reasoning':
      return [{ type: 'reasoning', text: part.text, providerOptions: asOptions(part.providerMetadata) }];
    case 'tool_call':
      return [
        {
          type: 'tool-call',
          toolCallId: toolCallId(part.id, rules),
          toolName: part.name,
          input: toInputObject(part.input),
          providerOptions: asOptions(part.providerMetadata),
        },
      ];
    case 'image':
      return [];
  }
}

function toToolMessages(results: PromptToolResult[], rules: PromptRules): LanguageModelV3Message[] {
  if (results.length === 0) return [];
  const tool: LanguageModelV3Message = {
    role: 'tool',
    content: results.map((result) => ({
      type: 'tool-result',
      toolCallId: toolCallId(result.toolCallId, rules),
      toolName: result.toolName,
      output: toOutput(result, rules),
    })),
  };
  if (rules.imagesInToolResults || !rules.supportsImages) return [tool];
  const content: UserContent = results.flatMap(({ toolName, image }) =>
    image
      ? [
          { type: 'text', text: `Image returned by ${toolName}:` },
          { type: 'file', mediaType: image.mediaType, data: image.data },
        ]
      : [],
  );
  return content.length > 0 ? [tool, { role: 'user', content }] : [tool];
}

function toOutput(result: PromptToolResult, rules: PromptRules): LanguageModelV3ToolResultPart['output'] {
  const { image, isError, text } = result;
  if (!image) return { type: isError ? 'error-text' : 'text', value: text };
  if (!rules.supportsImages) return { type: 'text', value: `${text}\n${IMAGE_OMITTED}`.trimStart() };
  if (!rules.imagesInToolResults) return { type: 'text', value: `${text}\n${IMAGE_FOLLOWS}`.trimStart() };
  const data = Buffer.from(image.data).toString('base64');
  return {
    type: 'content',
    value: [
      ...(text.trim() === '' ? [] : [{ type: 'text' as const, text }]),
      { type: 'image-data', data, mediaType: image.mediaType },
    ],
  };
}

/** Ids come from any provider of the session; a strict one must be able to read those of the others. */
function toolCallId(id: string, rules: PromptRules): string {
  if (!rules.strictToolCallIds || /^[\w-]{1,64}$/.test(id)) return id;
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 12);
  return `${id.replace(/[^\w-]/g, '_').slice(0, 48)}_${digest}`;
}

function toInputObject(input: unknown): unknown {
  if (typeof input !== 'string') return typeof input === 'object' && input !== null ? input : {};
  try {
    const parsed: unknown = JSON.parse(input);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function asOptions(metadata: Record<string, unknown> | undefined): SharedV3ProviderOptions | undefined {
  return metadata as SharedV3ProviderOptions | undefined;
}
