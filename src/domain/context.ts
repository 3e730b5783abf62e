import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { Bus } from './events/bus.ts';
import type { OutboxEvent, OutboxRepository } from './events/outbox.ts';
import type { FileReadRepository, FileVersionRepository } from './history/ports.ts';
import type { MessageRepository } from './message/ports.ts';
import type { PermissionRepository } from './permission/ports.ts';
import type { ProjectRepository } from './project/ports.ts';
import type { CredentialRepository } from './provider/ports.ts';
import type { SessionConfigRepository, SessionRepository } from './session/ports.ts';
import type { ToolCallRepository } from './toolcall/ports.ts';
import type { StepRepository, TurnRepository } from './turn/ports.ts';
import type { Lease } from './turn/turn.ts';
import type { UsageRepository } from './usage/ports.ts';
import type { LoginSessionRepository, UserRepository } from './user/ports.ts';
import type { PlacementRepository } from './workspace/ports.ts';

export interface Repositories {
  users: UserRepository;
  logins: LoginSessionRepository;
  projects: ProjectRepository;
  placements: PlacementRepository;
  sessions: SessionRepository;
  sessionConfigs: SessionConfigRepository;
  messages: MessageRepository;
  toolCalls: ToolCallRepository;
  permissions: PermissionRepository;
  fileVersions: FileVersionRepository;
  fileReads: FileReadRepository;
  credentials: CredentialRepository;
  turns: TurnRepository;
  steps: StepRepository;
  usage: UsageRepository;
  outbox: OutboxRepository;
}

/** What an adapter of the database offers. */
export interface Database {
  repositories: Repositories;
  /**
   * One transaction at read committed. With a lease, its first statement is `turns.assertLease`. Statements are
   * carried out in the order in which they are called, so that several may be under way at once (Promise.all) and
   * a later one sees an earlier one's rows. What is called and not awaited still ends before the commit.
   * Resolves after COMMIT with the outbox events that were added inside.
   */
  transaction<T>(
    run: (repositories: Repositories) => Promise<T>,
    lease?: Lease,
  ): Promise<{ result: T; events: OutboxEvent[] }>;
  /** Throws `unavailable` when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type Actor =
  | { kind: 'user'; userId: string; loginSessionId: string }
  /** The service itself: turns, sweeps, the operator's command line. */
  | { kind: 'system' };

/** What a verb gets. `R` names the repositories that it uses. */
export interface Context<R extends keyof Repositories = never> {
  actor: Actor;
  clock: Clock;
  log: Log;
  requestId: string;
  repositories: Pick<Repositories, R>;
  /**
   * Joins the outer transaction or opens one. Events added to the outbox are handed to the publisher
   * after the commit, in order.
   */
  transaction<T>(run: (ctx: Context<R>) => Promise<T>): Promise<T>;
  /** A hint to other processes, sent after the outermost commit (at once outside a transaction). Never throws. */
  notify: (...message: Parameters<Bus['publish']>) => void;
}
