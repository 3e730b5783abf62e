import type { ToolCall } from '#domain/toolcall/index.ts';
import { gitIdentity } from '#domain/user/index.ts';
import type { ToolScope } from '../ports.ts';
import type { RunnerDeps } from './claimed-turn.ts';
import type { OpenTurn } from './open-turn.ts';

/** What one call of the turn may use. */
export function toolScope(
  deps: RunnerDeps,
  { claimed, ctx, loaded, selection, workspace }: OpenTurn,
  call: ToolCall,
): ToolScope {
  const { session, project } = loaded;
  const { fileReads, fileVersions } = ctx.repositories;
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
    work: deps.work,
    clock: deps.clock,
    signal: claimed.signal,
    readTodos: async () => loaded.state.todos,
    async commitIdentity() {
      const user = await ctx.repositories.users.get(session.userId).catch(() => null);
      return user && gitIdentity(user, deps.settings.host);
    },
  };
}
