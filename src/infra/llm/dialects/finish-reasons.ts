/** What providers say at the end of an answer, in the words of the two dialects. */
type Meaning = 'stop' | 'length' | 'calls' | 'filtered' | 'error';

const WORDS: Record<Meaning, readonly string[]> = {
  stop: [
    'stop',
    'end_turn',
    'stop_sequence',
    'eos',
    'eos_token',
    'end',
    'done',
    'complete',
    'completed',
    'finished',
    'normal',
  ],
  length: [
    'length',
    'max_tokens',
    'max_output_tokens',
    'max_length',
    'model_length',
    'model_context_window_exceeded',
  ],
  calls: ['tool_calls', 'tool_call', 'tool_use', 'function_call', 'function_calls'],
  filtered: [
    'content_filter',
    'safety',
    'refusal',
    'sensitive',
    'recitation',
    'blocklist',
    'prohibited_content',
    'spii',
  ],
  error: ['error', 'network_error', 'insufficient_system_resource', 'malformed_function_call', 'failed'],
};

const MEANINGS = new Map(
  Object.entries(WORDS).flatMap(([meaning, words]) => words.map((word) => [word, meaning as Meaning])),
);

const CHAT: Record<Meaning, string> = {
  stop: 'stop',
  length: 'length',
  calls: 'tool_calls',
  filtered: 'content_filter',
  error: 'error',
};

const ANTHROPIC: Record<Meaning, string> = {
  stop: 'end_turn',
  length: 'max_tokens',
  calls: 'tool_use',
  filtered: 'refusal',
  error: 'error',
};

/** A word that nobody knows stays what it is; null for none. */
export function chatFinish(reason: unknown): string | null {
  return translate(reason, CHAT);
}

export function anthropicFinish(reason: unknown): string | null {
  return translate(reason, ANTHROPIC);
}

function translate(reason: unknown, words: Record<Meaning, string>): string | null {
  const text = typeof reason === 'number' ? String(reason) : reason;
  if (typeof text !== 'string' || text.trim() === '') return null;
  const meaning = MEANINGS.get(
    text
      .trim()
      .toLowerCase()
      .replace(/^finish_reason_/, '')
      .replaceAll('-', '_'),
  );
  return meaning === undefined ? text.trim() : words[meaning];
}
