import type { Message } from '#domain/message/index.ts';
import { MAX_STEP_RESULT_CHARS } from '../prompt/cap-results.ts';
import { finishOf, type TurnState } from './turn-state.ts';

/** A cautious average over prose and code. */
const CHARS_PER_TOKEN = 3.5;
const TOKENS_PER_IMAGE = 1600;

export function estimateTokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}

/** What the next model call will send: the figure of the last call, and an estimate of what has come since. */
export function contextTokens({ history, summaryId, contextTokens: stored }: TurnState): number {
  // An answer that broke off was not measured; the one before it was.
  const measured = history.findLastIndex(
    (message) => message.id === summaryId || finishOf(message)?.context_tokens !== undefined,
  );
  const at =
    measured === -1 ? history.findLastIndex((message) => isAnswer(message) && !message.isSummary) : measured;
  const last = history[at];
  const since = estimateMessages(history.slice(at + 1));
  if (!last) return stored + since;
  // What a summary cost says nothing of its length: the model may have thought long about it.
  if (last.isSummary) return estimateMessages([last]) + since;
  return (finishOf(last)?.context_tokens ?? stored) + since;
}

function isAnswer({ role, finishedAt }: Message): boolean {
  return role === 'assistant' && finishedAt !== null;
}

export function estimateMessages(messages: readonly Message[]): number {
  let chars = 0;
  let results = 0;
  let images = 0;
  const closeStep = () => {
    chars += Math.min(results, MAX_STEP_RESULT_CHARS);
    results = 0;
  };
  for (const { role, parts } of messages) {
    if (role !== 'tool') closeStep();
    for (const part of parts) {
      if (part.type === 'text') chars += part.text.length;
      if (part.type === 'tool_call') chars += part.input.length;
      if (part.type === 'tool_result') results += part.content.length;
      if (part.type === 'image' || ('data' in part && part.data !== undefined)) images += 1;
    }
  }
  closeStep();
  return estimateTokens(chars) + images * TOKENS_PER_IMAGE;
}

/**
 * Whether a summary can bring the context below the limit: not if the prompt, which is repeated behind it, is too long
 * by itself, nor if no call has been measured below the limit since the last one.
 */
export function summaryMayHelp({ history, summaryId, turn, prompt }: TurnState, limit: number): boolean {
  if (prompt && estimateMessages([prompt]) >= limit) return false;
  const last = history.findLastIndex(
    ({ id, isSummary, finishedAt, turnNumber }) =>
      isSummary && finishedAt !== null && (id === summaryId || turnNumber === turn.number),
  );
  if (last === -1) return true;
  return history.slice(last + 1).some((message) => {
    const tokens = finishOf(message)?.context_tokens;
    return tokens !== undefined && tokens < limit;
  });
}
