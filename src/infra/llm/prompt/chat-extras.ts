import type { SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { PromptPart } from '#domain/provider/index.ts';
import type { ReasoningBack } from '../families/family.ts';

type ReasoningPart = Extract<PromptPart, { type: 'reasoning' }>;

/** For a family that demands reasoning with each call, when nobody recorded any. */
const NOT_RECORDED = '(The reasoning for this step was not recorded.)';

/** Key under which the package spreads what it is given over the message or the call. */
const SPREAD_KEY = 'openaiCompatible';

/** The reasoning of one message, in the field where the family wants it back; undefined where it does not. */
export function reasoningBack(
  parts: readonly PromptPart[],
  { field, isDemanded }: ReasoningBack,
): SharedV3ProviderOptions | undefined {
  const all = parts.filter((part): part is ReasoningPart => part.type === 'reasoning');
  const own = all.filter(({ isForeign }) => !isForeign);
  if (field === null) return undefined;
  const text = textOf(own);
  if (field === 'reasoning_details') {
    const details = own.flatMap(detailsOf);
    if (details.length > 0) return spread({ reasoning_details: details });
    return text === '' ? undefined : spread({ reasoning: text });
  }
  if (text !== '') return spread({ reasoning_content: text });
  if (!isDemanded) return undefined;
  const hasCalls = parts.some(({ type }) => type === 'tool_call');
  return spread({ reasoning_content: textOf(all) || (hasCalls ? NOT_RECORDED : '') });
}

/** What came with a call goes back with it, as it came. */
export function callExtras({
  providerMetadata,
}: Extract<PromptPart, { type: 'tool_call' }>): SharedV3ProviderOptions | undefined {
  const extra = objectAt(providerMetadata, SPREAD_KEY)?.extra_content;
  return extra === undefined ? undefined : spread({ extra_content: extra });
}

export function signed(signature: string): SharedV3ProviderOptions {
  return spread({ extra_content: { google: { thought_signature: signature } } });
}

function textOf(parts: readonly ReasoningPart[]): string {
  return parts
    .map(({ text }) => text)
    .filter((text) => text !== '')
    .join('\n');
}

function detailsOf({ providerMetadata }: ReasoningPart): unknown[] {
  const details = objectAt(providerMetadata, 'openrouter')?.reasoning_details;
  return Array.isArray(details) ? details : [];
}

function spread(fields: Record<string, unknown>): SharedV3ProviderOptions {
  return { [SPREAD_KEY]: fields } as SharedV3ProviderOptions;
}

function objectAt(source: Record<string, unknown> | undefined, key: string): Record<string, unknown> | null {
  const value = source?.[key];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}
