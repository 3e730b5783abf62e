/** What users may ask for, from least to most. */
const SCALE: readonly string[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** What a family's models know, by model; the first pattern that fits counts. */
export type EffortTable = readonly (readonly [model: RegExp, known: readonly string[]])[];

const LOW_TO_HIGH = ['low', 'medium', 'high'];

export const OPENAI_EFFORTS: EffortTable = [
  [/^(.*\/)?o\d/, LOW_TO_HIGH],
  [/gpt-oss/, LOW_TO_HIGH],
  [/gpt-5(?!\.\d)/, ['minimal', ...LOW_TO_HIGH]],
  [/gpt-5\.1/, ['none', ...LOW_TO_HIGH]],
  [/gpt-/, ['none', ...LOW_TO_HIGH, 'xhigh']],
  [/./, LOW_TO_HIGH],
];

export const ANTHROPIC_EFFORTS: EffortTable = [
  [/-4[.-][56](?!\d)/, [...LOW_TO_HIGH, 'max']],
  [/./, [...LOW_TO_HIGH, 'xhigh', 'max']],
];

export const GEMINI_EFFORTS: EffortTable = [
  [/gemini-2/, ['none', ...LOW_TO_HIGH]],
  [/./, LOW_TO_HIGH],
];

export const GROQ_EFFORTS: EffortTable = [
  [/qwen/, ['none', 'default']],
  [/./, LOW_TO_HIGH],
];

export const MISTRAL_EFFORTS: EffortTable = [[/./, ['none', 'high']]];
export const ROUTER_EFFORTS: EffortTable = [[/./, ['none', 'minimal', ...LOW_TO_HIGH, 'xhigh']]];
export const COMMON_EFFORTS: EffortTable = [[/./, ['none', 'minimal', ...LOW_TO_HIGH]]];

/** The family's word for an effort: the same, else the nearest below, else the nearest above. */
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
