import { ReasoningEffort } from '#domain/session/session.ts';

const SCALE: readonly string[] = ReasoningEffort.options;

/** What a family's models know, by model; the first pattern that fits counts. */
export type EffortTable = readonly (readonly [model: RegExp, known: readonly string[]])[];

const LOW_TO_HIGH = ['low', 'medium', 'high'];
const LOW_TO_XHIGH = [...LOW_TO_HIGH, 'xhigh'];
const LOW_TO_MAX = [...LOW_TO_XHIGH, 'max'];
/** Thinks always or never, and objects to the field. */
const NOT_ASKED: readonly string[] = [];

// As the documentation of the AI SDK's packages and of the providers has it, November 2026.

export const OPENAI_EFFORTS: EffortTable = [
  [/^(.*\/)?o\d/, LOW_TO_HIGH],
  [/gpt-oss/, LOW_TO_HIGH],
  [/gpt-5-pro/, ['high']],
  [/gpt-5(?!\.\d)/, ['minimal', ...LOW_TO_HIGH]],
  [/gpt-5\.1/, ['none', ...LOW_TO_HIGH]],
  [/gpt-5\.[2-5](?!\d)/, ['none', ...LOW_TO_XHIGH]],
  [/gpt-(5\.|6-sol|6-luna|6\.1-terra)/, ['none', ...LOW_TO_MAX]],
  [/gpt-\d/, LOW_TO_MAX],
  [/./, LOW_TO_HIGH],
];

export const ANTHROPIC_EFFORTS: EffortTable = [
  [/-4[.-][56](?!\d)/, [...LOW_TO_HIGH, 'max']],
  [/./, LOW_TO_MAX],
];

/** The chat endpoint refuses `minimal`, which is documented for it. */
export const GEMINI_EFFORTS: EffortTable = [
  [/gemini-3-pro/, ['low', 'high']],
  [/gemini-2(?!.*pro)/, ['none', ...LOW_TO_HIGH]],
  [/./, LOW_TO_HIGH],
];

export const GROQ_EFFORTS: EffortTable = [
  [/qwen/, ['none', 'default']],
  [/gpt-oss/, LOW_TO_HIGH],
  [/./, NOT_ASKED],
];

export const XAI_EFFORTS: EffortTable = [
  [/grok-3-mini/, ['low', 'high']],
  [/grok-4\.3/, ['none', ...LOW_TO_HIGH]],
  [/grok-4\.5/, LOW_TO_HIGH],
  [/grok-(4\.[6-9](?!\d)|[5-9])/, LOW_TO_XHIGH],
  [/./, NOT_ASKED],
];

export const MISTRAL_EFFORTS: EffortTable = [
  [/magistral/, NOT_ASKED],
  [/./, ['none', 'high']],
];

export const CEREBRAS_EFFORTS: EffortTable = [
  [/gpt-oss/, LOW_TO_HIGH],
  [/glm/, ['none']],
  [/./, NOT_ASKED],
];

export const MOONSHOT_EFFORTS: EffortTable = [
  [/kimi-k([3-9]|[12]\d)/, ['low', 'high', 'max']],
  [/./, NOT_ASKED],
];

export const ZAI_EFFORTS: EffortTable = [
  [/glm-5[.-]2/, ['none', 'minimal', ...LOW_TO_MAX]],
  [/glm-(5[.-][3-9]|[6-9])/, ['low', 'high', 'max']],
  [/./, NOT_ASKED],
];

export const MINIMAX_EFFORTS: EffortTable = [
  [/M(3\.[1-9]|[4-9])/, LOW_TO_MAX],
  [/./, NOT_ASKED],
];

export const DEEPSEEK_EFFORTS: EffortTable = [[/./, ['low', 'high', 'max']]];
export const ROUTER_EFFORTS: EffortTable = [[/./, ['none', 'minimal', ...LOW_TO_XHIGH]]];
/** What local servers take as well. */
export const COMMON_EFFORTS: EffortTable = [[/./, ['none', ...LOW_TO_HIGH]]];

/** The family's word for an effort: the same, else the nearest below, else the nearest above. Null: not sent. */
export function effortFor(table: EffortTable, modelId: string, wanted: string): string | null {
  const known = table.find(([model]) => model.test(modelId))?.[1] ?? [];
  const at = SCALE.indexOf(wanted);
  if (at === -1) return null;
  // What thinks by default and cannot grade it.
  if (known.includes('default') && wanted !== 'none') return 'default';
  // Not to think is no grade of thinking: it is only asked for where it is known.
  if (wanted === 'none')
    return known.includes('none') ? 'none' : (known.find((effort) => effort !== 'none') ?? null);
  const below = SCALE.slice(1, at + 1).findLast((effort) => known.includes(effort));
  return below ?? SCALE.slice(at).find((effort) => known.includes(effort)) ?? null;
}
