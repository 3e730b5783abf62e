import type { ContextFactory } from '#domain/create-context.ts';
import type { Bus, EventLog, EventPublisher } from '#domain/events/index.ts';
import type { CompareTexts, FileReadRepository, FileVersionRepository } from '#domain/history/index.ts';
import type { Project } from '#domain/project/index.ts';
import type { LanguageModel, ModelSelection } from '#domain/provider/index.ts';
import type { Session } from '#domain/session/index.ts';
import type { GitIdentity } from '#domain/user/index.ts';
import type { Workspace, WorkspaceProvider } from '#domain/workspace/index.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { WorkResult, WorkTerms } from '#shared/work.ts';
import type { CoordinatorIntervals } from './coordinator/intervals.ts';
import type { MachineFacts } from './prompt/machine.ts';
import type { EditJob, EditsApplied } from './tools/files/matching/apply-edits.ts';
import type { JobRegistry } from './tools/shell/jobs.ts';

export type { Job, JobRegistry } from './tools/shell/jobs.ts';

/** Which model a session's turns talk to. Throws `model_not_configured` with a sentence for the user. */
export type ResolveModel = (
  session: Pick<Session, 'id' | 'userId'>,
  purpose: 'main' | 'small',
) => Promise<ModelSelection>;

/** The bytes of an uploaded image of this user; null when there is none. */
export type LoadImage = (
  image: { path: string; userId: string },
  signal: AbortSignal,
) => Promise<{ mediaType: string; data: Uint8Array } | null>;

export interface AgentSettings {
  maxWorkers: number;
  /** Turns of one user at once, over all processes. */
  maxRunningPerUser: number;
  /** What one user may take of the operator's models in a day (UTC); null: no limit. */
  tokensPerDay: number | null;
  taskTimeoutMs: number;
  /** 0: requests never expire. */
  permissionTimeoutMs: number;
  maxSteps: number;
  autoSummarize: boolean;
  /** `tool` or `tool:action`. */
  allowedTools: readonly string[];
  /** Yolo: nothing asks. */
  skipRequests: boolean;
  /** The name of this installation, for users without an address. */
  host: string;
  machine: MachineFacts;
}

/** Pure work on texts, off the event loop where it is not small. Never throws. */
export interface TextWork {
  compare: CompareTexts;
  applyEdits(job: EditJob, terms: WorkTerms): Promise<WorkResult<EditsApplied>>;
}

/** Everything that the agent gets from the composition root. */
export interface AgentDeps {
  contexts: ContextFactory;
  eventLog: Pick<EventLog, 'takeOver' | 'reset'>;
  publisher: EventPublisher;
  bus: Pick<Bus, 'subscribe'>;
  workspaces: WorkspaceProvider;
  work: TextWork;
  model: LanguageModel;
  /** Ended by the coordinator. */
  jobs: JobRegistry;
  resolveModel: ResolveModel;
  /** Absent: images are left out of the prompt. */
  loadImage?: LoadImage;
  clock: Clock;
  log: Log;
  settings: AgentSettings;
  intervals: CoordinatorIntervals;
}

/** What one tool call may use. */
export interface ToolScope {
  session: Pick<Session, 'id' | 'userId'>;
  readTodos(): Promise<Session['todos']>;
  /** As whom the session's user commits; null when it cannot be told. */
  commitIdentity(): Promise<GitIdentity | null>;
  project: Pick<Project, 'id'>;
  turnId: string;
  callId: string;
  workspace: Workspace;
  /** False: commands run with the server's own rights. */
  isolated: boolean;
  supportsImages: boolean;
  modelName: string;
  files: { reads: FileReadRepository; versions: FileVersionRepository };
  jobs: JobRegistry;
  work: TextWork;
  clock: Clock;
  signal: AbortSignal;
}
