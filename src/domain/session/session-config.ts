import type { Context } from '../context.ts';
import type { ModelConfigRequest } from '../protocol/requests/session.ts';
import type { SessionConfigView } from '../protocol/views/session.ts';
import type { Catalogue } from '../provider/provider.ts';
import { type AutoModel, isModelReady } from '../provider/resolve-model.ts';
import { getOwnedSession } from './get-owned-session.ts';
import { type ModelConfigDeps, toModelConfig } from './model-config.ts';
import type { Session, SessionModelConfig } from './session.ts';
import { toSessionConfigView } from './wire.ts';

type ConfigContext = Context<'sessions' | 'sessionConfigs' | 'credentials'>;

export interface SessionConfigDeps {
  catalogue: Catalogue;
  autoModel: AutoModel | null;
}

/** Keys are masked, also those that are not the session's own. Without a choice of its own the rest is empty. */
export async function getSessionConfig(
  deps: SessionConfigDeps,
  ctx: ConfigContext,
  sessionId: string,
): Promise<SessionConfigView> {
  const session = await getOwnedSession(ctx, sessionId);
  return show(deps, ctx, session, await ctx.repositories.sessionConfigs.get(session.id));
}

/** Replaces the choice; turns that have started keep theirs. Throws `unprocessable`. */
export async function setSessionConfig(
  deps: ModelConfigDeps & SessionConfigDeps,
  ctx: ConfigContext,
  input: { sessionId: string; request: ModelConfigRequest },
): Promise<SessionConfigView> {
  return ctx.transaction(async (tx) => {
    const session = await getOwnedSession(tx, input.sessionId, 'lock');
    const previous = await tx.repositories.sessionConfigs.get(session.id);
    const config = toModelConfig(deps, tx, { session, request: input.request, previous });
    await tx.repositories.sessionConfigs.put(config);
    return show(deps, tx, session, config);
  });
}

async function show(
  deps: SessionConfigDeps,
  ctx: ConfigContext,
  session: Session,
  config: SessionModelConfig | null,
): Promise<SessionConfigView> {
  const stored = await ctx.repositories.credentials.list(session.userId);
  return toSessionConfigView(config, isModelReady(deps, { session, config, stored }));
}
