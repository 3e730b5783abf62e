/**
 * How providers word what matters to us, since their codes do not agree. Each pattern is linear and is matched
 * against a sentence of bounded length; the test beside this file holds the sentences.
 */
const OVERFLOW: readonly RegExp[] = [
  // OpenAI, DeepSeek, OpenRouter, vLLM, Mistral, Groq, llama.cpp, Ollama, LM Studio, MiniMax
  /context[ _-]?(length|window|limit|size)/i,
  /maximum context/i,
  // Anthropic
  /prompt is too long/i,
  /request_too_large|exceeds the maximum (allowed )?(size|number of bytes)/i,
  // Gemini, Copilot
  /token count[^.]{0,60}exceeds/i,
  /exceeds the maximum number of (input )?tokens/i,
  // Z.ai
  /(prompt|input|messages?) exceeds? (the )?max(imum)? (length|tokens)/i,
  // Kimi
  /exceeded model token limit/i,
  // xAI
  /maximum prompt length/i,
  // Groq, Cerebras
  /reduce the length of (the|your) (messages|prompt|input)/i,
  // Bedrock
  /input (length|is too long)|too many total text bytes/i,
  // Together, Hugging Face
  /`?inputs?`? (tokens \+|must have less than)/i,
  // Qwen
  /range of input length/i,
  /too many (input |prompt |total )?tokens/i,
  /exceeds? the (model|limit)/i,
  /request (entity )?too large/i,
];
/** Too much for a minute is not too much for the model. */
const RATE = /tokens? per (min|minute|day|hour)|\b(tpm|tpd|rpm|rpd)\b|rate.?limit|too many requests/i;
const QUOTA =
  /insufficient[ _](quota|balance|funds|credits?)|exceeded_current_quota|current quota|credit balance|billing/i;

export function saysOverflow(text: string): boolean {
  return !RATE.test(text) && !/\bimages?\b/i.test(text) && OVERFLOW.some((pattern) => pattern.test(text));
}

export function saysRateLimit(text: string): boolean {
  return RATE.test(text);
}

/** Nothing that waiting would mend. */
export function saysQuota(text: string): boolean {
  return QUOTA.test(text);
}

const STATUS_OF_KIND: readonly [RegExp, number][] = [
  [/rate_?limit|quota|too_?many|resource_exhausted|throttl|slow_down/, 429],
  [/overload|unavailable|capacity/, 503],
  [/unauthenticated|authentication|unauthorized|api_?key/, 401],
  [/permission|forbidden/, 403],
  [/billing|payment/, 402],
  [/time_?d?_?out|deadline/, 408],
  [/not_?found/, 404],
  [/invalid|bad_?request|context_length|too_large|unprocessable|unsupported/, 400],
];

/** The HTTP status that a provider's own name of an error stands for; null for an unknown name. */
export function statusOfKind(kind: string): number | null {
  const name = kind.toLowerCase();
  return STATUS_OF_KIND.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}
