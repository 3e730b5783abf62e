import type { Workspace } from '../workspace/workspace.ts';
import type { Terminal, TerminalSize } from './terminal.ts';

export interface OpenTerminal {
  userId: string;
  sessionId?: string;
  workspace: Pick<Workspace, 'projectId' | 'spawn'>;
  size: TerminalSize;
}

/** The terminals of this process. */
export interface Terminals {
  /** Throws `too_many_requests` for a user who has too many, and `WorkspaceError`. */
  open(request: OpenTerminal): Promise<Terminal>;
  /** Null for a missing one and for one of somebody else. */
  get(userId: string, id: string): Terminal | null;
  /** Oldest first. */
  list(userId: string): Terminal[];
}
