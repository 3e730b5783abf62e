import type { EventLog } from '#domain/events/index.ts';
import type { FrontendDeps } from '#domain/frontend/index.ts';
import type { CompareTexts } from '#domain/history/index.ts';
import type { AutoModel, Catalogue } from '#domain/provider/index.ts';
import type { SubmitPromptLimits } from '#domain/turn/index.ts';
import type {
  LoginThrottle,
  PasswordHasher,
  RegistrationThrottle,
  SecretBox,
  TokenSigner,
} from '#domain/user/index.ts';
import type { SourceControl, WorkspaceProvider } from '#domain/workspace/index.ts';
import type { Semaphore } from '#shared/async/semaphore.ts';
import type { Clock } from '#shared/clock.ts';
import type { EdgeDeps } from './kit/edge.ts';

export interface HttpDeps extends EdgeDeps, FrontendDeps {
  hasher: PasswordHasher;
  signer: Pick<TokenSigner, 'sign'>;
  throttle: LoginThrottle;
  registrations: RegistrationThrottle;
  secrets: Pick<SecretBox, 'seal'>;
  registration: 'open' | 'closed';
  tokenLifeMs: number;
  catalogue: Catalogue;
  eventLog: Pick<EventLog, 'head' | 'read' | 'remove'>;
  autoModel: AutoModel | null;
  workspaces: Pick<WorkspaceProvider, 'create' | 'open' | 'destroy'>;
  sourceControl: Pick<SourceControl, 'clone' | 'diff'>;
  /** Readings of workspaces at once, by owner. */
  fileSlots: Semaphore;
  compareTexts: CompareTexts;
  workspaceRoots: readonly string[];
  /** Limits on waiting prompts; the verbs' own when absent. */
  promptLimits?: SubmitPromptLimits;
  /** What one user may have; the verbs' own when absent. */
  maxProjectsPerUser?: number;
  maxSessionsPerUser?: number;
  /** By name, for `/ready`: rejects while the dependency does not answer. */
  checks: Readonly<Record<string, () => Promise<void>>>;
  clock: Clock;
}
