import type { PromptMessage, PromptToolResult } from '#domain/provider/index.ts';
import { truncate } from '#shared/text.ts';

/** Of all results of one step together. */
export const MAX_STEP_RESULT_CHARS = 100 * 1024;

/** Short results are sent whole, long ones share what is left. */
export function capResults(message: PromptMessage, limit = MAX_STEP_RESULT_CHARS): PromptMessage {
  if (message.role !== 'tool') return message;
  const lengths = message.results.map(({ text }) => text.length);
  if (lengths.reduce((sum, length) => sum + length, 0) <= limit) return message;
  const share = fairShare(lengths, limit);
  return { ...message, results: message.results.map((result) => cap(result, share, limit)) };
}

function cap(result: PromptToolResult, share: number, limit: number): PromptToolResult {
  const left = result.text.length - share;
  if (left <= 0) return result;
  const hint = `[${left} characters are left out: the results of one step are sent up to ${Math.round(limit / 1024)} KB in all. Ask for the rest in smaller pieces.]`;
  return { ...result, text: `${truncate(result.text, share)}\n${hint}` };
}

/** The length at which to cut, so that the sum fits. */
function fairShare(lengths: readonly number[], limit: number): number {
  const ascending = [...lengths].sort((a, b) => a - b);
  let room = limit;
  for (const [at, length] of ascending.entries()) {
    const share = Math.floor(room / (ascending.length - at));
    if (length > share) return share;
    room -= length;
  }
  return limit;
}
