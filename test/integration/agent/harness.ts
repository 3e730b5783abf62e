import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database, Repositories } from '#domain/context.ts';
import { type AnyContext, createContextFactory } from '#domain/create-context.ts';
import type { EventPublisher } from '#domain/events/index.ts';
import type { SessionFrame } from '#domain/protocol/index.ts';
import type { ModelSelection } from '#domain/provider/index.ts';
import type { Session } from '#domain/session/index.ts';
import { TERMINAL_TURN_STATUSES, type Turn } from '#domain/turn/index.ts';
import { createEventPublisher } from '#infra/events/event-publisher.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import {
  type AgentSettings,
  COORDINATOR_INTERVALS,
  type Coordinator,
  createCoordinator,
  createJobRegistry,
  type ResolveModel,
} from '#ws/agent/index.ts';
import { createMemoryBus, createMemoryEventLog } from '../../../src/infra/memory/index.ts';
import { createDirectoryProvider, createDirectoryWorkspace } from '../../doubles/directory-workspace.ts';
import { createScriptedLanguageModel, type ScriptedAnswer } from '../../doubles/scripted-language-model.ts';
import { inlineTextWork } from '../../doubles/text-work.ts';
import { until } from '../../harness/until.ts';
import { newProject, newSession, newUser } from '../postgres/records.ts';

export const SELECTION: ModelSelection = {
  providerId: 'scripted',
  providerType: 'openai-compat',
  model: {
    id: 'scripted-1',
    name: 'Scripted',
    contextWindow: 128_000,
    defaultMaxTokens: 1000,
    priceIn: 1,
    priceOut: 2,
    priceCacheRead: 0,
    priceCacheWrite: 0,
    canReason: false,
    supportsImages: false,
  },
  baseUrl: null,
  apiKey: null,
  operatorPays: true,
  trusted: true,
  maxTokens: 1000,
  temperature: null,
  topP: null,
  reasoningEffort: null,
};

const SETTINGS: AgentSettings = {
  maxWorkers: 10,
  maxRunningPerUser: 10,
  tokensPerDay: null,
  taskTimeoutMs: 60_000,
  permissionTimeoutMs: 60_000,
  maxSteps: 50,
  host: 'localhost',
  machine: {
    network: { mode: 'none', allow: [] },
    memoryMb: 2048,
    workspaceMb: 10_240,
    processes: 256,
    turnSeconds: 1800,
  },
  autoSummarize: true,
  allowedTools: [],
  skipRequests: false,
};

export type AgentHarness = Awaited<ReturnType<typeof createAgentHarness>>;

export interface HarnessOptions {
  settings?: Partial<AgentSettings>;
  isolated?: boolean;
  resolveModel?: ResolveModel;
}

/** A user with a project and a session, which are gone after `close`; an in-process event log, and coordinators that share them. */
export async function createAgentHarness(
  database: Database,
  script: ScriptedAnswer[],
  { settings = {}, isolated = true, resolveModel = async () => SELECTION }: HarnessOptions = {},
) {
  const directory = await mkdtemp(join(tmpdir(), 'crush-agent-'));
  const clock = systemClock;
  const bus = createMemoryBus();
  const eventLog = createMemoryEventLog({ maxLength: 4096, clock });
  const inner = createEventPublisher({
    log: eventLog,
    outbox: database.repositories.outbox,
    clock,
    logger: silentLog,
  });
  const handedOn = new Set<string>();
  const publisher: EventPublisher = {
    ...inner,
    publish(events, fence) {
      for (const { id } of events) handedOn.add(id);
      inner.publish(events, fence);
    },
  };
  /** A commit can be seen in the database a moment before its writer hands its events on. */
  const committedIsHandedOn = async () => {
    const { result } = await database.transaction(({ outbox }) => outbox.take(0, 1000));
    return result.every(({ id, sessionId }) => sessionId !== session.id || handedOn.has(id));
  };
  const contexts = createContextFactory({ database, publisher, bus, clock, log: silentLog });
  const model = createScriptedLanguageModel(script);
  const user = newUser();
  const project = newProject(user.id);
  const session = newSession(project);
  const workspace = createDirectoryWorkspace(directory, project.id);
  await database.repositories.users.insert(user);
  await database.repositories.projects.insert(project);
  await database.repositories.sessions.insert(session);
  const ctx: AnyContext = contexts({
    actor: { kind: 'user', userId: user.id, loginSessionId: user.id },
    requestId: 'test',
  });
  const coordinators: Coordinator[] = [];

  return {
    ctx,
    database,
    repositories: database.repositories,
    bus,
    eventLog,
    publisher,
    model,
    user,
    project,
    session,
    workspace,
    coordinators,
    /** A coordinator of its own owner, as another process would have. */
    coordinator(own: Partial<AgentSettings> = {}): Coordinator {
      const coordinator = createCoordinator({
        contexts,
        eventLog,
        publisher,
        bus,
        workspaces: createDirectoryProvider(workspace, isolated),
        work: inlineTextWork(),
        model,
        jobs: createJobRegistry({ clock, maxRunningPerUser: 50 }),
        resolveModel,
        clock,
        log: silentLog,
        settings: { ...SETTINGS, ...settings, ...own },
        intervals: { ...COORDINATOR_INTERVALS, renew: 100, poll: 50, sweep: 100 },
      });
      coordinators.push(coordinator);
      return coordinator;
    },
    async frames(): Promise<SessionFrame[]> {
      await until(committedIsHandedOn, 'the events of what is committed');
      await publisher.flush(session.id);
      const head = await eventLog.head(session.id);
      const read = await eventLog.read(session.id, { epoch: head.epoch, seq: 0 }, 4096);
      return read.ok ? read.events.map(({ body }) => JSON.parse(body) as SessionFrame) : [];
    },
    async close() {
      await Promise.all(coordinators.map((coordinator) => coordinator.close({ drainMs: 1000 })));
      await publisher.close();
      await workspace.close();
      await bus.close();
      await eventLog.close();
      await database.repositories.projects.delete(project.id);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function isTerminal({ status }: Turn): boolean {
  return TERMINAL_TURN_STATUSES.some((terminal) => terminal === status);
}

export async function turnEnds(
  repositories: Repositories,
  turnId: string,
  timeoutMs?: number,
): Promise<Turn> {
  return until(
    async () => {
      const turn = await repositories.turns.get(turnId);
      return turn && isTerminal(turn) ? turn : null;
    },
    'the end of the turn',
    timeoutMs,
  );
}

export async function pendingRequest(repositories: Repositories, session: Session) {
  return until(
    async () => (await repositories.permissions.listPending(session.id))[0],
    'a permission request',
  );
}
