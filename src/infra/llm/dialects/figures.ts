import type { Usage } from '#domain/provider/index.ts';
import { isObject, type Json } from './json.ts';

/** No request comes near; what is beyond is a fault of the provider. */
const MAX_TOKENS = 500_000_000;

/** Where the figures stand, by dialect; the first place that holds a number counts. */
export interface FigurePlaces {
  input: readonly string[];
  output: readonly string[];
  cacheRead: readonly string[];
  cacheWrite: readonly string[];
  reasoning: readonly string[];
  total: readonly string[];
  /** Whether `input` holds the cached tokens as well. */
  inputHoldsCached: boolean;
}

export const CHAT_FIGURES: FigurePlaces = {
  input: ['prompt_tokens', 'input_tokens'],
  output: ['completion_tokens', 'output_tokens'],
  cacheRead: [
    'prompt_tokens_details.cached_tokens',
    'input_tokens_details.cached_tokens',
    // DeepSeek, Moonshot, LiteLLM
    'prompt_cache_hit_tokens',
    'cached_tokens',
    'cache_read_input_tokens',
  ],
  cacheWrite: [
    'prompt_tokens_details.cache_write_tokens',
    'prompt_tokens_details.cache_creation_tokens',
    'cache_creation_input_tokens',
  ],
  reasoning: ['completion_tokens_details.reasoning_tokens', 'output_tokens_details.reasoning_tokens'],
  total: ['total_tokens'],
  inputHoldsCached: true,
};

export const RESPONSES_FIGURES: FigurePlaces = { ...CHAT_FIGURES, input: ['input_tokens', 'prompt_tokens'] };

export const ANTHROPIC_FIGURES: FigurePlaces = {
  input: ['input_tokens'],
  output: ['output_tokens'],
  cacheRead: ['cache_read_input_tokens'],
  cacheWrite: ['cache_creation_input_tokens'],
  reasoning: [],
  total: [],
  inputHoldsCached: false,
};

/** Whole numbers from 0 on; null when the provider sent no figure that means anything. */
export function readUsage(source: unknown, places: FigurePlaces): Usage | null {
  if (!isObject(source)) return null;
  const read = (paths: readonly string[]): number => first(source, paths) ?? 0;
  const input = read(places.input);
  const cacheReadTokens = read(places.cacheRead);
  const cacheWriteTokens = read(places.cacheWrite);
  const outputTokens = outputOf(input, read(places.output), {
    reasoning: read(places.reasoning),
    total: read(places.total),
  });
  if (input === 0 && outputTokens === 0 && cacheReadTokens === 0 && cacheWriteTokens === 0) return null;
  const cached = places.inputHoldsCached ? cacheReadTokens + cacheWriteTokens : 0;
  const cost = costOf(source);
  return {
    inputTokens: Math.max(0, input - cached),
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    estimated: false,
    ...(cost === null ? {} : { reportedCost: cost }),
  };
}

/** Some providers leave reasoning out of the output; the total tells. */
function outputOf(input: number, output: number, sums: { reasoning: number; total: number }): number {
  const { reasoning, total } = sums;
  return reasoning > 0 && total === input + output + reasoning ? output + reasoning : output;
}

/** US dollars; with a key of the user's own at the router, what the provider behind it takes is added. */
function costOf(usage: Json): number | null {
  const cost = dollars(usage.cost);
  if (cost === null || usage.is_byok !== true || !isObject(usage.cost_details)) return cost;
  return cost + (dollars(usage.cost_details.upstream_inference_cost) ?? 0);
}

function dollars(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e6 ? value : null;
}

function first(source: Json, paths: readonly string[]): number | null {
  for (const path of paths) {
    const number = wholeNumber(at(source, path));
    if (number !== null) return number;
  }
  return null;
}

function at(source: Json, path: string): unknown {
  let value: unknown = source;
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined;
  return value;
}

export function wholeNumber(value: unknown): number | null {
  const number =
    typeof value === 'string' && /^\s*\d{1,15}(\.\d{1,9})?\s*$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return null;
  return Math.min(MAX_TOKENS, Math.round(number));
}
