import { newId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getOwnedProject } from '../project/get-owned-project.ts';
import type { Project } from '../project/project.ts';
import type { CreateSessionRequest } from '../protocol/requests/session.ts';
import type { Catalogue } from '../provider/provider.ts';
import type { AutoModel } from '../provider/resolve-model.ts';
import { type ModelConfigDeps, toModelConfig } from './model-config.ts';
import type { Session, SessionModelConfig } from './session.ts';

export interface CreateSessionDeps extends ModelConfigDeps {
  catalogue: Pick<Catalogue, 'provider' | 'model'>;
  autoModel: AutoModel | null;
  /** Of one user; `MAX_SESSIONS_PER_USER` when absent. */
  maxSessionsPerUser?: number;
}

const MAX_SESSIONS_PER_USER = 10_000;

/**
 * With `is_auto` the session follows the operator's choice, whose key is never copied. With neither that nor a
 * `model_config` it follows the user's default as long as there is one. Throws `limit_reached` besides.
 */
export async function createSession(
  deps: CreateSessionDeps,
  ctx: Context<'users' | 'projects' | 'sessions' | 'sessionConfigs'>,
  request: CreateSessionRequest,
): Promise<Session> {
  return ctx.transaction(async (tx) => {
    const project = await getOwnedProject(tx, request.project_id, 'lock');
    const id = newId();
    const config = chosenConfig(deps, tx, { id, userId: project.userId }, request);
    const session = newSession(project, {
      id,
      title: request.title,
      contextWindow: contextWindow(deps, config),
      now: tx.clock.now(),
    });
    await refuseTooMany(tx, project.userId, deps.maxSessionsPerUser);
    await tx.repositories.sessions.insert(session);
    if (config) await tx.repositories.sessionConfigs.put(config);
    return session;
  });
}

function newSession(
  project: Pick<Project, 'id' | 'userId'>,
  { id, title, contextWindow, now }: Pick<Session, 'id' | 'title' | 'contextWindow'> & { now: number },
): Session {
  return {
    id,
    projectId: project.id,
    userId: project.userId,
    parentSessionId: null,
    title,
    messageCount: 0,
    storedChars: 0,
    promptTokens: 0,
    completionTokens: 0,
    cost: 0,
    contextWindow,
    summaryMessageId: null,
    todos: [],
    createdAt: now,
    updatedAt: now,
    deletingSince: null,
  };
}

async function refuseTooMany(
  { repositories }: Context<'users' | 'sessions'>,
  userId: string,
  max = MAX_SESSIONS_PER_USER,
): Promise<void> {
  const { users, sessions } = repositories;
  const [, count] = await Promise.all([users.lockShares(userId), sessions.countByUser(userId)]);
  if (count < max) return;
  throw new DomainError(
    'limit_reached',
    `You already have ${max} sessions; delete some that you do not need`,
  );
}

function chosenConfig(
  deps: CreateSessionDeps,
  ctx: Pick<Context, 'clock'>,
  session: Pick<Session, 'id' | 'userId'>,
  request: CreateSessionRequest,
): SessionModelConfig | null {
  if (request.is_auto) return deps.autoModel ? autoConfig(ctx, session.id, deps.autoModel) : null;
  if (!request.model_config) return null;
  return toModelConfig(deps, ctx, { session, request: request.model_config, previous: null });
}

function autoConfig(ctx: Pick<Context, 'clock'>, sessionId: string, auto: AutoModel): SessionModelConfig {
  return {
    sessionId,
    provider: auto.provider,
    model: auto.model,
    apiKeySealed: null,
    apiKeyHint: null,
    baseUrl: null,
    maxTokens: null,
    temperature: null,
    topP: null,
    reasoningEffort: null,
    isAuto: true,
    updatedAt: ctx.clock.now(),
  };
}

function contextWindow(deps: CreateSessionDeps, config: SessionModelConfig | null): number {
  const choice = config ?? deps.autoModel;
  return (choice && deps.catalogue.model(choice.provider, choice.model)?.contextWindow) ?? 0;
}
