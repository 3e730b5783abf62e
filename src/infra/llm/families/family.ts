import type { ModelSelection } from '#domain/provider/index.ts';
import { ANY_ID, type CallIdFormat, NINE_ID, NUMBERED_ID, WORD_ID } from './call-ids.ts';
import {
  CEREBRAS_EFFORTS,
  COMMON_EFFORTS,
  DEEPSEEK_EFFORTS,
  type EffortTable,
  GEMINI_EFFORTS,
  GROQ_EFFORTS,
  MINIMAX_EFFORTS,
  MISTRAL_EFFORTS,
  MOONSHOT_EFFORTS,
  OPENAI_EFFORTS,
  ROUTER_EFFORTS,
  XAI_EFFORTS,
  ZAI_EFFORTS,
} from './efforts.ts';

/** Where reasoning goes in an assistant's message of a chat. */
export interface ReasoningBack {
  field: 'reasoning_content' | 'reasoning_details' | null;
  /** Each message of the assistant has to have it, whoever made it. */
  isDemanded: boolean;
}

/** What providers that speak the chat dialect accept and demand. */
export interface ChatFamily {
  name: string;
  callIds: CallIdFormat;
  reasoning: ReasoningBack;
  efforts: EffortTable;
  /** What stands for the thought signature of a call that another model made, and which models check it. */
  foreignSignature: { text: string; models: RegExp } | null;
}

/** Google's own word for a call that comes from elsewhere. */
export const SKIP_SIGNATURE = 'skip_thought_signature_validator';

const NO_REASONING: ReasoningBack = { field: null, isDemanded: false };
const OWN_REASONING: ReasoningBack = { field: 'reasoning_content', isDemanded: false };
const EACH_REASONING: ReasoningBack = { field: 'reasoning_content', isDemanded: true };

const COMMON: ChatFamily = {
  name: 'common',
  callIds: ANY_ID,
  reasoning: OWN_REASONING,
  efforts: COMMON_EFFORTS,
  foreignSignature: null,
};

interface Row extends Partial<Omit<ChatFamily, 'name'>> {
  /** The id of a provider in the catalogue, as well as the name of the family. */
  name: string;
  hosts: readonly string[];
}

/** By provider id or host, which knows best; the rest is what everybody takes. */
const ROWS: readonly Row[] = [
  {
    name: 'openrouter',
    hosts: ['openrouter.ai'],
    reasoning: { field: 'reasoning_details', isDemanded: false },
    efforts: ROUTER_EFFORTS,
  },
  {
    name: 'mistral',
    hosts: ['mistral.ai'],
    callIds: NINE_ID,
    reasoning: NO_REASONING,
    efforts: MISTRAL_EFFORTS,
  },
  { name: 'groq', hosts: ['groq.com'], reasoning: NO_REASONING, efforts: GROQ_EFFORTS },
  { name: 'cerebras', hosts: ['cerebras.ai'], reasoning: NO_REASONING, efforts: CEREBRAS_EFFORTS },
  { name: 'xai', hosts: ['x.ai'], reasoning: NO_REASONING, efforts: XAI_EFFORTS },
  {
    name: 'google',
    hosts: ['generativelanguage.googleapis.com'],
    reasoning: NO_REASONING,
    efforts: GEMINI_EFFORTS,
    foreignSignature: { text: SKIP_SIGNATURE, models: /gemini-(?![12][.-])/ },
  },
  { name: 'deepseek', hosts: ['deepseek.com'], reasoning: EACH_REASONING, efforts: DEEPSEEK_EFFORTS },
  {
    name: 'moonshotai',
    hosts: ['moonshot.ai', 'moonshot.cn', 'kimi.com'],
    callIds: NUMBERED_ID,
    reasoning: EACH_REASONING,
    efforts: MOONSHOT_EFFORTS,
  },
  { name: 'zai', hosts: ['z.ai', 'bigmodel.cn'], reasoning: EACH_REASONING, efforts: ZAI_EFFORTS },
  {
    name: 'minimax',
    hosts: ['minimax.io', 'minimaxi.com'],
    reasoning: OWN_REASONING,
    efforts: MINIMAX_EFFORTS,
  },
  { name: 'openai', hosts: ['openai.com'], reasoning: NO_REASONING, efforts: OPENAI_EFFORTS },
];

/** What models want wherever they are served: their templates read the ids. */
const MODEL_CALL_IDS: readonly (readonly [RegExp, CallIdFormat])[] = [
  [/mistral|mixtral|codestral|devstral|magistral|pixtral/i, NINE_ID],
  [/kimi/i, NUMBERED_ID],
  [/claude/i, WORD_ID],
];

/** Models that are trained on their earlier reasoning, where no host says otherwise. */
const MODEL_REASONING = /deepseek|kimi|glm-\d/i;

export function chatFamilyOf(selection: ModelSelection): ChatFamily {
  const { providerId, providerType, baseUrl, model } = selection;
  const host = baseUrl !== null && URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  const row =
    ROWS.find(({ hosts }) => hosts.some((known) => host === known || host.endsWith(`.${known}`))) ??
    ROWS.find(({ name }) => name === providerId && name !== 'openai');
  const callIds = MODEL_CALL_IDS.find(([pattern]) => pattern.test(model.id))?.[1];
  if (row) return { ...COMMON, ...row, callIds: row.callIds ?? callIds ?? COMMON.callIds };
  const reasoning = MODEL_REASONING.test(model.id) ? EACH_REASONING : COMMON.reasoning;
  const efforts = providerType === 'openai' ? OPENAI_EFFORTS : COMMON.efforts;
  return { ...COMMON, reasoning, efforts, callIds: callIds ?? COMMON.callIds };
}
