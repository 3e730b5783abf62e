import type { WorkspaceProvider } from '#domain/workspace/index.ts';
import type { Log } from '#shared/log.ts';
import type { Activity } from './activity.ts';
import type { TokenCheck } from './token.ts';

export interface SandboxDeps {
  provider: WorkspaceProvider;
  activity: Activity;
  isAuthorized: TokenCheck;
  /** The server is about to stop: nothing new begins. */
  draining: () => boolean;
  log: Log;
}
