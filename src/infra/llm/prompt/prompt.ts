import type {
  JSONSchema7,
  LanguageModelV3FunctionTool,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3ToolResultPart,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import type { PromptMessage, PromptPart, PromptToolResult, ToolDeclaration } from '#domain/provider/index.ts';
import { parseForeignJson } from '#shared/bounded-json.ts';
import type { CallIdFormat } from '../families/call-ids.ts';
import type { ReasoningBack } from '../families/family.ts';
import { mendToolName } from '../families/tool-names.ts';
import { type CallIdMap, mapCallIds } from './call-id-map.ts';
import { callExtras, reasoningBack, signed } from './chat-extras.ts';
import { type ImageRules, usableImage } from './images.ts';

export interface PromptRules extends ImageRules {
  /** The provider takes an image inside a tool result; otherwise it follows in a user message. */
  imagesInToolResults: boolean;
  callIds: CallIdFormat;
  /** `blocks`: with their signatures, as parts of the message; `none`: not at all; else in a field of a chat. */
  reasoning: 'blocks' | 'none' | ReasoningBack;
  signatures: CallSignatures;
}

/** What stands for the thought signature of a step's first call, where one is wanted; null: nothing. */
export interface CallSignatures {
  /** For a call that another model made. */
  foreign: string | null;
  /** In place of what the model sent itself. */
  own: string | null;
}

type Rules = PromptRules & { idOf: CallIdMap };
type UserContent = Extract<LanguageModelV3Message, { role: 'user' }>['content'];
type AssistantContent = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'];

const IMAGE_FOLLOWS = '[the image follows in the next message]';

/** Our history in the form that the provider packages take; empty texts and empty messages are left out. */
export function toPrompt(messages: PromptMessage[], rules: PromptRules): LanguageModelV3Prompt {
  const idOf = mapCallIds(messages, rules.callIds);
  return messages.flatMap((message) => toMessages(message, { ...rules, idOf }));
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

function toMessages(message: PromptMessage, rules: Rules): LanguageModelV3Message[] {
  switch (message.role) {
    case 'system':
      return message.text.trim() === '' ? [] : [{ role: 'system', content: message.text }];
    case 'user': {
      const content = message.parts.flatMap((part) => toUserContent(part, rules));
      return content.length > 0 ? [{ role: 'user', content }] : [];
    }
    case 'assistant':
      return toAssistantMessage(message.parts, rules);
    case 'tool':
      return toToolMessages(message.results, rules);
  }
}

function toUserContent(part: PromptPart, rules: Rules): UserContent {
  if (part.type === 'text') return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
  if (part.type !== 'image') return [];
  const image = usableImage(part, rules);
  if (typeof image === 'string') return [{ type: 'text', text: image }];
  return [{ type: 'file', mediaType: image.mediaType, data: image.data }];
}

function toAssistantMessage(parts: PromptPart[], rules: Rules): LanguageModelV3Message[] {
  const first = parts.find(({ type }) => type === 'tool_call');
  const content = parts.flatMap((part) => toAssistantContent(part, rules, part === first));
  if (content.length === 0) return [];
  const { reasoning } = rules;
  const providerOptions = typeof reasoning === 'object' ? reasoningBack(parts, reasoning) : undefined;
  return [{ role: 'assistant', content, ...(providerOptions ? { providerOptions } : {}) }];
}

function toAssistantContent(part: PromptPart, rules: Rules, isFirstCall: boolean): AssistantContent {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    case 'reasoning':
      if (rules.reasoning !== 'blocks' || part.isForeign) return [];
      return [{ type: 'reasoning', text: part.text, providerOptions: asOptions(part.providerMetadata) }];
    case 'tool_call':
      return [
        {
          type: 'tool-call',
          toolCallId: rules.idOf(part.id),
          toolName: mendToolName(part.name),
          input: toInputObject(part.input),
          providerOptions: callOptions(part, rules, isFirstCall),
        },
      ];
    case 'image':
      return [];
  }
}

function callOptions(
  part: Extract<PromptPart, { type: 'tool_call' }>,
  { reasoning, signatures }: Rules,
  isFirst: boolean,
): SharedV3ProviderOptions | undefined {
  if (reasoning === 'blocks') return part.isForeign ? undefined : asOptions(part.providerMetadata);
  if (reasoning === 'none') return undefined;
  const signature = part.isForeign ? signatures.foreign : signatures.own;
  if (signature !== null) return isFirst ? signed(signature) : undefined;
  return part.isForeign ? undefined : callExtras(part);
}

function toToolMessages(results: PromptToolResult[], rules: Rules): LanguageModelV3Message[] {
  if (results.length === 0) return [];
  const outputs = results.map((result) => toOutput(result, rules));
  const tool: LanguageModelV3Message = {
    role: 'tool',
    content: results.map((result, at) => ({
      type: 'tool-result',
      toolCallId: rules.idOf(result.toolCallId),
      toolName: mendToolName(result.toolName),
      output: outputs[at]?.output ?? { type: 'text', value: result.text },
    })),
  };
  const content = outputs.flatMap(({ follows }) => follows);
  return content.length > 0 ? [tool, { role: 'user', content }] : [tool];
}

interface Output {
  output: LanguageModelV3ToolResultPart['output'];
  /** For a user message behind the results. */
  follows: UserContent;
}

function toOutput(result: PromptToolResult, rules: Rules): Output {
  const { isError, text, toolName } = result;
  if (!result.image) return { output: { type: isError ? 'error-text' : 'text', value: text }, follows: [] };
  const image = usableImage(result.image, rules);
  const withText = (more: string): LanguageModelV3ToolResultPart['output'] => ({
    type: 'text',
    value: `${text}\n${more}`.trimStart(),
  });
  if (typeof image === 'string') return { output: withText(image), follows: [] };
  const { mediaType } = image;
  if (!rules.imagesInToolResults) {
    const label = { type: 'text' as const, text: `Image returned by ${toolName}:` };
    return {
      output: withText(IMAGE_FOLLOWS),
      follows: [label, { type: 'file', mediaType, data: image.data }],
    };
  }
  const data = Buffer.from(image.data).toString('base64');
  const words = text.trim() === '' ? [] : [{ type: 'text' as const, text }];
  return {
    output: { type: 'content', value: [...words, { type: 'image-data', data, mediaType }] },
    follows: [],
  };
}

function toInputObject(input: unknown): unknown {
  if (typeof input !== 'string') return typeof input === 'object' && input !== null ? input : {};
  try {
    const parsed: unknown = parseForeignJson(input);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function asOptions(metadata: Record<string, unknown> | undefined): SharedV3ProviderOptions | undefined {
  return metadata as SharedV3ProviderOptions | undefined;
}
