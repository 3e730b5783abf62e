import type {
  ImagePart,
  Message,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from '#domain/message/index.ts';
import type { ModelSelection, PromptMessage, PromptPart, PromptToolResult } from '#domain/provider/index.ts';
import { parseForeignJson } from '#shared/bounded-json.ts';
import { finishOf, resultsOf } from '../turn/turn-state.ts';

export interface PromptOptions {
  system: string;
  /** Goes with what the user wrote in one message. */
  behind?: { messageId: string; text: string };
  /** The message that stands for everything before it. */
  summaryId: string | null;
  selection: Pick<ModelSelection, 'providerId' | 'model'>;
  /** Null when the image is gone. */
  loadImage(part: ImagePart): Promise<{ mediaType: string; data: Uint8Array } | null>;
}

export const MISSING_RESULT = 'No result: the call did not finish.';
export const BROKEN_INPUT_RESULT = 'The input of this call was not valid JSON; it was not run.';

/**
 * The stored history as a provider accepts it: after each assistant message exactly one result per call, no orphan
 * results, only well-formed inputs, no images for models that cannot see.
 */
export async function buildPrompt(
  history: readonly Message[],
  options: PromptOptions,
): Promise<PromptMessage[]> {
  const results = resultsOf(history);
  const start = options.summaryId === null ? -1 : history.findIndex(({ id }) => id === options.summaryId);
  const messages: PromptMessage[] = [{ role: 'system', text: options.system }];
  for (const message of history.slice(Math.max(0, start))) {
    if (message.id === options.summaryId) messages.push(...summary(message));
    else if (message.isSummary) continue;
    else if (message.role === 'user') messages.push(...(await user(message, options)));
    else if (message.role === 'assistant' && message.finishedAt !== null) {
      messages.push(...assistant(message, results, options));
    }
  }
  return messages;
}

function summary(message: Message): PromptMessage[] {
  const text = textOf(message);
  return text === '' ? [] : [{ role: 'user', parts: [{ type: 'text', text }] }];
}

export function textOf(message: Message): string {
  return message.parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
    .trim();
}

async function user(message: Message, options: PromptOptions): Promise<PromptMessage[]> {
  const parts: PromptPart[] = [];
  for (const part of message.parts) {
    if (part.type === 'text' && part.text.trim() !== '') parts.push({ type: 'text', text: part.text.trim() });
    if (part.type !== 'image') continue;
    const image = options.selection.model.supportsImages ? await options.loadImage(part) : null;
    parts.push(
      image
        ? { type: 'image', ...image }
        : { type: 'text', text: '(An attached image is not shown to this model.)' },
    );
  }
  if (parts.length === 0) return [];
  if (message.id === options.behind?.messageId) parts.push({ type: 'text', text: options.behind.text });
  return [{ role: 'user', parts }];
}

function assistant(
  message: Message,
  results: ReadonlyMap<string, ToolResultPart>,
  options: PromptOptions,
): PromptMessage[] {
  const { selection } = options;
  const sameModel = message.provider === selection.providerId && message.model === selection.model.id;
  const parts: PromptPart[] = [];
  const answers: PromptToolResult[] = [];
  for (const part of message.parts) {
    if (part.type === 'text' && part.text.trim() !== '') parts.push({ type: 'text', text: part.text });
    if (part.type === 'reasoning') parts.push(reasoning(part, sameModel));
    if (part.type !== 'tool_call') continue;
    const input = parseInput(part.input);
    parts.push({
      type: 'tool_call',
      id: part.id,
      ...(part.provider_call_id === undefined ? {} : { providerCallId: part.provider_call_id }),
      name: part.name,
      input: input ?? {},
      ...(sameModel ? ownMetadata(part.provider_metadata) : { isForeign: true }),
    });
    answers.push(answer(part, input === null, results.get(part.id), selection.model.supportsImages));
  }
  if (parts.every(({ type }) => type === 'reasoning')) return [];
  return [
    { role: 'assistant', parts },
    ...(answers.length > 0 ? [{ role: 'tool' as const, results: withNote(answers, message) }] : []),
  ];
}

/** Why the answer was left where it was, behind the last result. */
function withNote(answers: PromptToolResult[], message: Message): PromptToolResult[] {
  const finish = finishOf(message);
  const note = finish?.reason === 'error' ? undefined : finish?.message;
  return answers.map((result, at) =>
    note !== undefined && at === answers.length - 1
      ? { ...result, text: `${result.text}\n\n${note}` }
      : result,
  );
}

/** Metadata are signed by one model; another one would refuse them. */
function reasoning(
  { thinking, signature, provider_metadata }: ReasoningPart,
  sameModel: boolean,
): PromptPart {
  if (!sameModel) return { type: 'reasoning', text: thinking, isForeign: true };
  const signed = signature === undefined ? undefined : { anthropic: { signature } };
  return { type: 'reasoning', text: thinking, ...ownMetadata(provider_metadata ?? signed) };
}

function ownMetadata(metadata: Record<string, unknown> | undefined): {
  providerMetadata?: Record<string, unknown>;
} {
  return metadata ? { providerMetadata: metadata } : {};
}

function answer(
  call: ToolCallPart,
  isBroken: boolean,
  result: ToolResultPart | undefined,
  supportsImages: boolean,
): PromptToolResult {
  const image =
    supportsImages && result?.data !== undefined && result.mime_type !== undefined
      ? { mediaType: result.mime_type, data: new Uint8Array(Buffer.from(result.data, 'base64')) }
      : undefined;
  return {
    toolCallId: call.id,
    toolName: call.name,
    text: isBroken ? BROKEN_INPUT_RESULT : (result?.content ?? MISSING_RESULT),
    isError: isBroken || (result?.is_error ?? true),
    ...(image ? { image } : {}),
  };
}

/** Null for what is not a JSON object; one that was encoded twice, or follows an empty one, is taken. */
export function parseInput(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = parseForeignJson(text.replace(/^\s*\{\}(?=\s*\{)/, ''));
    if (typeof value === 'string') return parseInput(value);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
