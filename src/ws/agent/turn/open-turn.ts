import type { AnyContext } from '#domain/create-context.ts';
import { DomainError, isDomainError } from '#domain/errors.ts';
import type { ModelSelection } from '#domain/provider/index.ts';
import { type Workspace, WorkspaceError } from '#domain/workspace/index.ts';
import type { ClaimedTurn, RunnerDeps } from './claimed-turn.ts';
import type { LoadedTurn } from './load-turn.ts';

/** A claimed turn with all that it works on. */
export interface OpenTurn {
  claimed: ClaimedTurn;
  ctx: AnyContext;
  loaded: LoadedTurn;
  selection: ModelSelection;
  workspace: Workspace;
}

/** The turn cannot be run; `message` is what the user has to be told. */
export class TurnRefused extends Error {
  readonly code: string;
  constructor({ code, message, cause }: DomainError) {
    super(message, { cause });
    this.name = 'TurnRefused';
    this.code = code;
  }
}

/** Throws `TurnRefused`, or what a store that is out of reach throws. */
export async function openTurn(
  deps: Pick<RunnerDeps, 'workspaces'>,
  { selection, ...turn }: Omit<OpenTurn, 'selection' | 'workspace'> & { selection: Promise<ModelSelection> },
): Promise<OpenTurn> {
  const { project } = turn.loaded;
  try {
    const [selected, workspace] = await Promise.all([
      selection,
      deps.workspaces.open(project.id, project.workspaceRoot),
    ]);
    return { ...turn, selection: selected, workspace };
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
}

function refusalOf(error: unknown): TurnRefused | null {
  if (error instanceof WorkspaceError) {
    const message = `The workspace cannot be used: ${error.message}`;
    return new TurnRefused(new DomainError('unavailable', message, { cause: error }));
  }
  return isDomainError(error) && error.code !== 'unavailable' ? new TurnRefused(error) : null;
}
