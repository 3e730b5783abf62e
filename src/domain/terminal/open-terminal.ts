import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { inOwnedWorkspace, type WorkspaceAccessDeps } from '../workspace/open-project-workspace.ts';
import type { Terminals } from './ports.ts';
import type { Terminal, TerminalSize } from './terminal.ts';

export interface OpenTerminalDeps extends Pick<WorkspaceAccessDeps, 'workspaces'> {
  terminals: Terminals;
}

/** A shell in the workspace of an owned project, which is named itself or by one of its sessions. */
export async function openTerminal(
  deps: OpenTerminalDeps,
  ctx: Context<'projects' | 'sessions'>,
  input: { projectId?: string; sessionId?: string; size: TerminalSize },
): Promise<Terminal> {
  const { actor } = ctx;
  if (actor.kind !== 'user') throw new DomainError('forbidden', 'A terminal needs an owner');
  const { projectId, sessionId, size } = input;
  return inOwnedWorkspace(deps, ctx, { projectId, sessionId }, (workspace) =>
    deps.terminals.open({
      userId: actor.userId,
      sessionId: projectId === undefined ? sessionId : undefined,
      workspace,
      size,
    }),
  );
}
