import type { Message } from '#domain/message/index.ts';
import type { ModelRequest, PromptMessage, PromptPart } from '#domain/provider/index.ts';
import type { RunnerDeps } from '../turn/claimed-turn.ts';
import type { RequestPurpose } from '../turn/loop-ports.ts';
import type { OpenTurn } from '../turn/open-turn.ts';
import { capResults } from './cap-results.ts';
import { elide, sizeOf } from './elide.ts';
import { buildPrompt, type PromptOptions, textOf } from './prompt-messages.ts';
import { resumeRequest, summaryRequest, todoReminder } from './summary.ts';
import { momentOf, systemPrompt } from './system.ts';

/** Of the context window, for the history in a summary's request that was too long. */
const ELIDED_SHARE = 0.6;
const CHARS_PER_TOKEN = 3;
const FIRST_CUT = 0.7;

export function createRequestBuilder(
  deps: RunnerDeps,
  { claimed, loaded, selection, workspace }: OpenTurn,
): (purpose: RequestPurpose) => Promise<ModelRequest> {
  const { session, state } = loaded;
  const { signal } = claimed;
  const images = new Map<string, Promise<{ mediaType: string; data: Uint8Array } | null>>();
  const told = deps.facts.read(workspace, signal).then((facts) => ({
    system: systemPrompt({ facts, machine: deps.settings.machine, isolated: deps.workspaces.isolated }),
    behind: { messageId: state.turn.messageId, text: momentOf(facts, new Date(deps.clock.now())) },
  }));
  const declarations = deps.tools.map(({ declaration }) => declaration);

  const loadImage: PromptOptions['loadImage'] = ({ Path: path }) => {
    const load = async () => (await deps.loadImage?.({ path, userId: state.turn.userId }, signal)) ?? null;
    const known = images.get(path) ?? load().catch(() => null);
    images.set(path, known);
    return known;
  };

  async function history(): Promise<PromptMessage[]> {
    const options = { ...(await told), summaryId: state.summaryId, selection, loadImage };
    const messages = (await buildPrompt(state.history, options)).map((message) => capResults(message));
    const summary = state.history.find(({ id }) => id === state.summaryId);
    if (summary?.turnNumber !== state.turn.number || !state.prompt) return messages;
    // Behind the system prompt and the summary itself.
    messages.splice(2, 0, await resumption(state.prompt, options));
    return messages;
  }

  return async (purpose) => {
    let messages = await history();
    if (purpose.kind === 'summary') {
      if (purpose.elision > 0) messages = elideTo(messages, purpose.elision, selection.model.contextWindow);
      messages.push(userMessage({ type: 'text', text: summaryRequest(state.todos) }));
    } else if (state.todos.length > 0) {
      messages.push(userMessage({ type: 'text', text: todoReminder(state.todos) }));
    }
    return {
      selection,
      messages,
      tools: declarations,
      maxTokens: selection.maxTokens,
      sessionId: session.id,
    };
  };
}

/** After a summary within the turn, the model is told what it was working on. */
async function resumption(prompt: Message, options: PromptOptions): Promise<PromptMessage> {
  const [, sent] = await buildPrompt([prompt], { ...options, summaryId: null });
  const images = sent?.role === 'user' ? sent.parts.filter(({ type }) => type === 'image') : [];
  const moment: PromptPart[] = options.behind ? [{ type: 'text', text: options.behind.text }] : [];
  return userMessage({ type: 'text', text: resumeRequest(textOf(prompt)) }, ...moment, ...images);
}

/** Each further time half as much. */
function elideTo(
  messages: readonly PromptMessage[],
  elision: number,
  contextWindow: number,
): PromptMessage[] {
  const now = sizeOf(messages.slice(1)) * FIRST_CUT;
  const window = contextWindow === 0 ? now : contextWindow * CHARS_PER_TOKEN * ELIDED_SHARE;
  return elide(messages, Math.min(now, window) / 2 ** (elision - 1));
}

function userMessage(...parts: PromptPart[]): PromptMessage {
  return { role: 'user', parts };
}
