import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyContext } from '#domain/create-context.ts';
import type { FileVersion } from '#domain/history/index.ts';
import type { Session } from '#domain/session/index.ts';
import { newId } from '#shared/ids.ts';
import type { ToolScope } from '#ws/agent/ports.ts';
import { createJobRegistry } from '#ws/agent/tools/shell/jobs.ts';
import type { Prepared, Tool, ToolPlan, ToolResult } from '#ws/agent/tools/tool.ts';
import { createDirectoryWorkspace, type DirectoryWorkspace } from './directory-workspace.ts';
import { inlineTextWork } from './text-work.ts';

export interface ToolBench {
  scope: ToolScope;
  workspace: DirectoryWorkspace;
  versions: FileVersion[];
  todos: Session['todos'];
  /** Events that results put into the outbox. */
  events: unknown[];
  /** Prepares and, if there is a plan, runs and stores it, as the loop would once it was allowed. */
  use(
    tool: Tool,
    input: unknown,
    control?: Partial<Parameters<ToolPlan['run']>[0]>,
    changes?: Partial<ToolScope>,
  ): Promise<ToolResult>;
  prepare(tool: Tool, input: unknown): Promise<Prepared>;
  plan(tool: Tool, input: unknown): Promise<ToolPlan>;
  close(): Promise<void>;
}

/** What a tool needs, over a temporary directory and records in memory. */
export async function createToolBench(changes: Partial<ToolScope> = {}): Promise<ToolBench> {
  const directory = await mkdtemp(join(tmpdir(), 'crush-tool-'));
  const workspace = createDirectoryWorkspace(directory, newId());
  const clock = { now: () => Date.now() };
  const jobs = createJobRegistry({ clock, maxRunningPerUser: 50 });
  const seen = new Map<string, string>();
  const versions: FileVersion[] = [];
  const events: unknown[] = [];
  const bench = { todos: [] as Session['todos'] };
  const session = { id: newId(), userId: newId() };

  const fileReads = {
    lastRead: async (_: string, path: string) => seen.get(path) ?? null,
    record: async (_: string, path: string, { digest }: { digest: string }) => void seen.set(path, digest),
  };
  const fileVersions = {
    async add(version: Omit<FileVersion, 'version' | 'size'>) {
      const last = versions.filter(({ path }) => path === version.path).at(-1);
      if (last?.content === version.content) return last;
      const size = Buffer.byteLength(version.content);
      const stored = { ...version, size, version: (last?.version ?? -1) + 1 };
      versions.push(stored);
      return stored;
    },
    latest: async (_: string, path: string) => versions.findLast((version) => version.path === path) ?? null,
    list: async () => versions.map(({ content: _, ...rest }) => rest),
    async listOf(_: string, path: string) {
      return { versions: versions.filter((version) => version.path === path), more: false };
    },
  };
  const transaction = {
    clock,
    repositories: {
      fileReads,
      fileVersions,
      outbox: { add: async ({ body }: { body: string }) => void events.push(JSON.parse(body)) },
      sessions: {
        async setTodos(_: string, todos: Session['todos']) {
          bench.todos = todos;
          return { ...session, todos };
        },
      },
    },
  } as unknown as AnyContext;

  const scope: ToolScope = {
    session,
    readTodos: async () => bench.todos,
    commitIdentity: async () => ({ name: 'Ada', email: 'ada@example.com' }),
    project: { id: workspace.projectId },
    turnId: newId(),
    callId: newId(),
    workspace,
    isolated: true,
    supportsImages: true,
    modelName: 'Scripted',
    files: { reads: fileReads, versions: fileVersions },
    jobs,
    work: inlineTextWork(),
    clock,
    signal: new AbortController().signal,
    ...changes,
  };

  return {
    scope,
    workspace,
    versions,
    events,
    get todos() {
      return bench.todos;
    },
    prepare: (tool, input) => tool.prepare(input, scope),
    async plan(tool, input) {
      const prepared = await tool.prepare(input, scope);
      if (prepared.kind !== 'plan') throw new Error(`refused: ${prepared.result.content}`);
      return prepared.plan;
    },
    async use(tool, input, control = {}, other = {}) {
      const prepared = await tool.prepare(input, { ...scope, ...other });
      const result =
        prepared.kind === 'result'
          ? prepared.result
          : await prepared.plan.run({ signal: scope.signal, progress() {}, ...control });
      await result.commit?.(transaction);
      return result;
    },
    async close() {
      await jobs.close();
      await workspace.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
