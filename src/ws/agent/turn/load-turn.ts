import type { AnyContext } from '#domain/create-context.ts';
import { notFound } from '#domain/errors.ts';
import { sizeOfParts } from '#domain/message/index.ts';
import type { Project } from '#domain/project/index.ts';
import type { Session } from '#domain/session/index.ts';
import type { Step, Turn } from '#domain/turn/index.ts';
import type { TurnState } from './turn-state.ts';

export interface LoadedTurn {
  session: Session;
  project: Project;
  state: TurnState;
  /** Index of the turn's next step. */
  nextStep: number;
  /** Nothing of it has been done yet. */
  isFresh: boolean;
}

/** All that is stored of a turn; the loop goes on from it. */
export async function loadTurn(ctx: AnyContext, turn: Turn): Promise<LoadedTurn> {
  const { sessions, projects, messages, toolCalls, steps } = ctx.repositories;
  const [session, project, history, calls, stored] = await Promise.all([
    sessions.get(turn.sessionId),
    projects.getBySession(turn.sessionId),
    messages.listForTurn(turn.sessionId, turn.number),
    toolCalls.listByTurn(turn.id),
    steps.list(turn.id),
  ]);
  if (!session) throw notFound('Session');
  if (!project) throw notFound('Project');
  const known = history.find(({ id }) => id === turn.messageId);
  const state: TurnState = {
    turn,
    history,
    calls: new Map(calls.map((call) => [call.id, call])),
    interrupted: new Map(stored.filter(isOpenToolStep).map((step) => [step.subjectId, step])),
    prompt: known ?? (await messages.get(turn.messageId)),
    summaryId: session.summaryMessageId,
    contextTokens: session.promptTokens + session.completionTokens,
    todos: session.todos,
    digests: new WeakMap(),
    stored: {
      session: session.storedChars,
      turn: history.reduce(
        (sum, { turnNumber, parts }) => sum + (turnNumber === turn.number ? sizeOfParts(parts) : 0),
        0,
      ),
    },
  };
  return {
    session,
    project,
    state,
    nextStep: Math.max(-1, ...stored.map(({ index }) => index)) + 1,
    isFresh: history.at(-1)?.id === turn.messageId,
  };
}

function isOpenToolStep({ kind, state }: Step): boolean {
  return kind === 'tool' && state === 'started';
}
