import type { AnyContext } from '#domain/create-context.ts';
import { isDomainError } from '#domain/errors.ts';
import { type Cursor, formatCursor } from '#domain/events/index.ts';
import type { Message } from '#domain/message/index.ts';
import type { ModelRequest, ModelSelection, PromptMessage } from '#domain/provider/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import type { Workspace } from '#domain/workspace/index.ts';
import { within } from '#shared/async/within.ts';
import { createLiveOutput } from '../persist/live-output.ts';
import { persist } from '../persist/persist.ts';
import type { ToolScope } from '../ports.ts';
import { buildPrompt, textOf } from '../prompt/prompt-messages.ts';
import { resumeRequest, summaryRequest } from '../prompt/summary.ts';
import { systemPrompt } from '../prompt/system.ts';
import { decide } from '../step/approval.ts';
import type { ClaimedTurn, RunnerDeps } from './claimed-turn.ts';
import type { LoadedTurn } from './load-turn.ts';
import type { LoopHooks } from './run.ts';
import type { TurnState } from './turn-state.ts';

const SAVE_INTERVAL_MS = 2000;
const SAVE_CHARS = 8192;
const SETTLE_TIMEOUT_MS = 1000;

export interface TurnScope {
  claimed: ClaimedTurn;
  ctx: AnyContext;
  loaded: LoadedTurn;
  selection: ModelSelection;
  workspace: Workspace;
}

/** Connects the loop to the database, the event log, the model and the workspace. */
export function createTurnHooks(deps: RunnerDeps, scope: TurnScope): LoopHooks & { close(): void } {
  const { claimed, ctx, loaded } = scope;
  const { turn, lease } = claimed;
  const { state } = loaded;
  const live = createLiveOutput({ publisher: deps.publisher, fence: lease.token, clock: deps.clock });
  const saver = createTextSaver(deps, scope);
  let stepIndex = loaded.nextStep;
  const persistDeps = {
    ctx,
    turn,
    lease,
    nextStepIndex: () => stepIndex++,
    stored: (call: ToolCall) => state.calls.set(call.id, call),
  };
  return {
    async commit(changes) {
      await saver.idle();
      // What a call shows while it runs must not follow its result.
      for (const change of changes) {
        if (change.kind === 'results') for (const { call } of change.results) live.forget(call.id);
      }
      await persist(persistDeps, changes);
    },
    buildRequest: createRequestBuilder(deps, scope),
    stream: (request, signal) => deps.model.stream(request, signal),
    delta(message, delta) {
      if (claimed.signal.aborted) return;
      deps.publisher.delta({ session_id: turn.sessionId, message_id: message.id, ...delta }, lease.token);
    },
    checkpoint: saver.checkpoint,
    settled: saver.settled,
    scope: (call) => toolScope(deps, scope, call),
    decide: (call, ask) =>
      decide(
        { permissions: ctx.repositories.permissions, settings: deps.settings, clock: deps.clock },
        call,
        ask,
      ),
    progress(call, tail) {
      if (!claimed.signal.aborted) live.show(state.calls.get(call.id) ?? call, tail);
    },
    unexpected: (call, error) => ctx.log.error({ err: error, tool: call.name }, 'tool failed unexpectedly'),
    close: () => live.close(),
  };
}

/** Keeps the text of a streaming message in its row, stamped with the position that clients have at least. */
function createTextSaver(deps: RunnerDeps, { claimed, ctx }: TurnScope) {
  const { sessionId } = claimed.turn;
  let writing: Promise<void> = Promise.resolve();
  let saved = { messageId: '', chars: 0, at: 0 };

  async function settled(): Promise<Cursor | null> {
    return await within(deps.publisher.flush(sessionId), SETTLE_TIMEOUT_MS, () =>
      deps.publisher.confirmed(sessionId),
    );
  }

  async function save(message: Message, parts: Message['parts'], cursor: Cursor | null): Promise<void> {
    const appliedCursor = cursor && formatCursor(cursor);
    try {
      await ctx.transaction((tx) =>
        tx.repositories.messages.setParts(message.id, {
          parts,
          appliedCursor,
          finishedAt: null,
          now: tx.clock.now(),
        }),
      );
    } catch (error) {
      if (isDomainError(error, 'lease_lost')) claimed.abortLost();
      else ctx.log.warn({ err: error }, 'streamed text not saved');
    }
  }

  return {
    settled,
    idle: () => writing,
    async checkpoint(message: Message, parts: () => Message['parts'], streamed: number): Promise<void> {
      while (deps.publisher.congested(sessionId) && !claimed.signal.aborted) await settled();
      const now = deps.clock.now();
      if (saved.messageId !== message.id || streamed < saved.chars) {
        saved = { messageId: message.id, chars: 0, at: now };
      }
      if (streamed - saved.chars < SAVE_CHARS && now - saved.at < SAVE_INTERVAL_MS) return;
      saved = { messageId: message.id, chars: streamed, at: now };
      const cursor = await settled();
      const copy = parts();
      writing = writing.then(() => save(message, copy, cursor));
    },
  };
}

function createRequestBuilder(deps: RunnerDeps, { claimed, loaded, selection, workspace }: TurnScope) {
  const { session, state } = loaded;
  const { signal } = claimed;
  const images = new Map<string, Promise<{ mediaType: string; data: Uint8Array } | null>>();
  const facts = deps.facts.read(workspace, signal);
  const declarations = deps.tools.map(({ declaration }) => declaration);
  return async (purpose: 'step' | 'summary'): Promise<ModelRequest> => {
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

function toolScope(
  deps: RunnerDeps,
  { claimed, ctx, loaded, selection, workspace }: TurnScope,
  call: ToolCall,
): ToolScope {
  const { session, project } = loaded;
  const { sessions, fileReads, fileVersions } = ctx.repositories;
  return {
    session,
    project,
    turnId: claimed.turn.id,
    callId: call.id,
    workspace,
    isolated: deps.workspaces.isolated,
    supportsImages: selection.model.supportsImages,
    modelName: selection.model.name,
    files: { reads: fileReads, versions: fileVersions },
    jobs: deps.jobs,
    clock: deps.clock,
    signal: claimed.signal,
    readTodos: async () => (await sessions.get(session.id))?.todos ?? [],
  };
}
