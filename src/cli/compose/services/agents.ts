import type { Config } from '#config/load.ts';
import { type Catalogue, resolveModel } from '#domain/provider/index.ts';
import type { WorkspaceProvider } from '#domain/workspace/index.ts';
import {
  type AgentSettings,
  COORDINATOR_INTERVALS,
  createCoordinator,
  type JobRegistry,
} from '#ws/agent/index.ts';
import type { TextWork } from '#ws/agent/ports.ts';
import type { CloseStack } from '../../close-stack.ts';
import { tokensPerDayOf } from '../platform/exposure.ts';
import type { Platform } from '../platform/platform.ts';
import { autoModelOf, openLanguageModel } from './models.ts';

export interface AgentsDeps {
  platform: Platform;
  catalogue: Catalogue;
  workspaces: WorkspaceProvider;
  work: TextWork;
  jobs: JobRegistry;
  stack: CloseStack;
}

/** Starts to claim turns. Closing hands them back to the queue. */
export function openAgents({ platform, catalogue, workspaces, jobs, work, stack }: AgentsDeps): void {
  const { config, clock, log, contexts, secrets } = platform;
  const model = openLanguageModel(clock, log);
  stack.push('model connections', () => model.close());
  const system = contexts({ actor: { kind: 'system' }, requestId: 'models' });
  const modelDeps = { catalogue, secrets, autoModel: autoModelOf(config) };
  const coordinator = createCoordinator({
    ...platform,
    workspaces,
    work,
    jobs,
    model,
    resolveModel: (session, purpose) => resolveModel(modelDeps, system, { session, purpose }),
    settings: settingsOf(config),
    intervals: COORDINATOR_INTERVALS,
  });
  stack.push('turns', () => coordinator.close());
  coordinator.start();
}

function settingsOf(config: Config): AgentSettings {
  const { agent, limits, permissions, sandbox, server } = config;
  const tokensPerDay = tokensPerDayOf(config);
  return {
    maxWorkers: agent.max_workers,
    maxRunningPerUser: limits.user_running_turns,
    tokensPerDay,
    taskTimeoutMs: agent.task_timeout * 1000,
    permissionTimeoutMs: agent.permission_timeout * 1000,
    maxSteps: agent.max_steps,
    autoSummarize: agent.auto_summarize,
    allowedTools: permissions.allowed_tools,
    skipRequests: permissions.skip_requests,
    host: server.public_url === '' ? 'localhost' : new URL(server.public_url).hostname,
    machine: {
      network: sandbox.network,
      memoryMb: sandbox.limits.memory_mb,
      workspaceMb: sandbox.limits.workspace_mb,
      processes: sandbox.limits.processes,
      turnSeconds: agent.task_timeout,
    },
  };
}
