import type { AnyContext } from '#domain/create-context.ts';
import { emit } from '#domain/events/index.ts';
import type { LanguageModel, ModelSelection, StopReason } from '#domain/provider/index.ts';
import { toSessionView } from '#domain/session/index.ts';
import { truncate } from '#shared/text.ts';
import { costOf } from '../step/usage.ts';
import { TITLE_SYSTEM, titleRequest } from './title.ts';

const MAX_TITLE_TOKENS = 40;
const MAX_TITLE_CHARS = 100;
/** Of what the model says, thoughts included. */
const MAX_ANSWER_CHARS = 64 * 1024;
const FALLBACK_CHARS = 50;
const MAX_PROMPT_CHARS = 4000;
const TIMEOUT_MS = 30_000;
/** Some providers have a word of their own for the end. */
const ENDED: ReadonlySet<StopReason> = new Set(['stop', 'unknown']);

export interface TitleDeps {
  ctx: AnyContext;
  model: Pick<LanguageModel, 'stream'>;
  /** The small model first, then the main one. */
  selections: ReadonlyArray<() => Promise<ModelSelection>>;
}

/** Names a session after its first prompt. Failures of the models leave the beginning of the prompt as its name. */
export async function nameSession(
  { ctx, model, selections }: TitleDeps,
  input: { sessionId: string; prompt: string },
  signal: AbortSignal,
): Promise<void> {
  let title = '';
  let cost = 0;
  for (const select of selections) {
    const asked = await ask(model, select, input, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
    cost += asked.cost;
    title = asked.title;
    if (title !== '' || signal.aborted) break;
  }
  title ||= truncate(oneLine(input.prompt), FALLBACK_CHARS);
  if (title === '') return;
  await ctx.transaction(async (tx) => {
    const { sessions } = tx.repositories;
    const now = tx.clock.now();
    if (cost > 0) await sessions.addUsage(input.sessionId, { addCost: cost }, now);
    const session = await sessions.setTitle(input.sessionId, title, now);
    await emit(tx, { Type: 'session_update', session_id: session.id, ...toSessionView(session) });
  });
}

async function ask(
  model: Pick<LanguageModel, 'stream'>,
  select: () => Promise<ModelSelection>,
  { sessionId, prompt }: { sessionId: string; prompt: string },
  signal: AbortSignal,
): Promise<{ title: string; cost: number }> {
  const selection = await select().catch(() => null);
  if (!selection) return { title: '', cost: 0 };
  const request = {
    selection,
    messages: [
      { role: 'system' as const, text: TITLE_SYSTEM },
      {
        role: 'user' as const,
        parts: [{ type: 'text' as const, text: titleRequest(truncate(prompt, MAX_PROMPT_CHARS)) }],
      },
    ],
    tools: [],
    maxTokens: selection.model.canReason ? selection.model.defaultMaxTokens : MAX_TITLE_TOKENS,
    sessionId,
  };
  let text = '';
  let cost = 0;
  for await (const part of model.stream(request, signal)) {
    if (part.type === 'text' && text.length < MAX_ANSWER_CHARS) text += part.text;
    if (part.type === 'restart') text = '';
    if ((part.type === 'restart' || part.type === 'finish') && part.usage) {
      cost += costOf(part.usage, selection.model);
    }
    if (part.type !== 'finish') continue;
    return { title: ENDED.has(part.stopReason) ? cleanTitle(text) : '', cost };
  }
  return { title: '', cost };
}

export function cleanTitle(text: string): string {
  const plain = withoutThoughts(truncate(text, MAX_ANSWER_CHARS));
  // Quotes at the end are looked for from each quote on.
  const start = truncate(oneLine(plain), 4 * MAX_TITLE_CHARS);
  return truncate(start.replace(/^["'“”]+|["'“”]+$/g, ''), MAX_TITLE_CHARS);
}

/** One pass: an expression would look for the end of every thought again. */
function withoutThoughts(text: string): string {
  let plain = '';
  let from = 0;
  for (let at = text.indexOf('<think>'); at !== -1; at = text.indexOf('<think>', from)) {
    const end = text.indexOf('</think>', at);
    if (end === -1) break;
    plain += text.slice(from, at);
    from = end + '</think>'.length;
  }
  return (plain + text.slice(from)).replace(/<\/?think>/g, '');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
