import type { ModelRequest, PromptMessage } from '#domain/provider/index.ts';
import type { RunnerDeps } from '../turn/claimed-turn.ts';
import type { OpenTurn } from '../turn/open-turn.ts';
import type { TurnState } from '../turn/turn-state.ts';
import { buildPrompt, textOf } from './prompt-messages.ts';
import { resumeRequest, summaryRequest } from './summary.ts';
import { systemPrompt } from './system.ts';

export function createRequestBuilder(
  deps: RunnerDeps,
  { claimed, loaded, selection, workspace }: OpenTurn,
): (purpose: 'step' | 'summary') => Promise<ModelRequest> {
  const { session, state } = loaded;
  const { signal } = claimed;
  const images = new Map<string, Promise<{ mediaType: string; data: Uint8Array } | null>>();
  const facts = deps.facts.read(workspace, signal);
  const declarations = deps.tools.map(({ declaration }) => declaration);
  return async (purpose) => {
    const system = systemPrompt({
      facts: await facts,
      todos: session.todos,
      now: new Date(deps.clock.now()),
      isolated: deps.workspaces.isolated,
    });
    const messages = await buildPrompt(state.history, {
      system,
      summaryId: state.summaryId,
      selection,
      async loadImage({ Path: path }) {
        const load = async () =>
          (await deps.loadImage?.({ path, userId: state.turn.userId }, signal)) ?? null;
        const known = images.get(path) ?? load().catch(() => null);
        images.set(path, known);
        return known;
      },
    });
    if (purpose === 'summary') messages.push(userText(summaryRequest(session.todos)));
    else insertResumption(messages, state);
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
function insertResumption(messages: PromptMessage[], { history, summaryId, turn, prompt }: TurnState): void {
  const summary = history.find(({ id }) => id === summaryId);
  if (summary?.turnNumber !== turn.number || !prompt) return;
  // Behind the system prompt and the summary itself.
  messages.splice(2, 0, userText(resumeRequest(textOf(prompt))));
}

function userText(text: string): PromptMessage {
  return { role: 'user', parts: [{ type: 'text', text }] };
}
