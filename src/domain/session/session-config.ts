import type { Context } from '../context.ts';
import type { ModelConfigRequest } from '../protocol/requests/session.ts';
import type { SessionConfigView } from '../protocol/views/session.ts';
import { getOwnedSession } from './get-owned-session.ts';
import { type ModelConfigDeps, toModelConfig } from './model-config.ts';
import { toSessionConfigView } from './wire.ts';

/** Keys are masked. A session without a choice of its own has empty texts. */
export async function getSessionConfig(
  ctx: Context<'sessions' | 'sessionConfigs'>,
  sessionId: string,
): Promise<SessionConfigView> {
  const session = await getOwnedSession(ctx, sessionId);
  return toSessionConfigView(await ctx.repositories.sessionConfigs.get(session.id));
}

/** Replaces the choice; turns that have started keep theirs. Throws `unprocessable`. */
export async function setSessionConfig(
  deps: ModelConfigDeps,
  ctx: Context<'sessions' | 'sessionConfigs'>,
  input: { sessionId: string; request: ModelConfigRequest },
): Promise<SessionConfigView> {
  return ctx.transaction(async (tx) => {
    const session = await getOwnedSession(tx, input.sessionId);
    const previous = await tx.repositories.sessionConfigs.get(session.id);
    const config = toModelConfig(deps, tx, { session, request: input.request, previous });
    await tx.repositories.sessionConfigs.put(config);
    return toSessionConfigView(config);
  });
}
