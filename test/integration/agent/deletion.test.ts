import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '#domain/context.ts';
import { isDomainError } from '#domain/errors.ts';
import { deleteProject, updateProject } from '#domain/project/index.ts';
import {
  type CreateSessionDeps,
  createSession,
  type SessionConfigDeps,
  setSessionConfig,
} from '#domain/session/index.ts';
import { deleteSession, submitPrompt, summarizeSession } from '#domain/turn/index.ts';
import { createFileSlots, inProjectWorkspace } from '#domain/workspace/index.ts';
import { createTestDatabase, DATABASE_KINDS } from '../../harness/database.ts';
import { type AgentHarness, createAgentHarness } from './harness.ts';

/** Refused before any of it is used. */
const NOT_REACHED = {} as CreateSessionDeps & SessionConfigDeps;

describe.each(DATABASE_KINDS)('what meets a deletion on %s', (kind) => {
  let database: Database;
  let harness: AgentHarness;

  beforeAll(async () => {
    database = await createTestDatabase(kind, inject('postgresUrl'));
  });
  afterEach(() => harness.close());
  afterAll(() => database.close());

  const setUp = async () => {
    harness = await createAgentHarness(database, []);
    return harness;
  };
  const keepLog = { eventLog: { remove: async () => {} } };
  const workspaces = (destroy: () => Promise<void>) => ({ ...keepLog, workspaces: { destroy } });
  const prompt = (content: string) => ({ sessionId: harness.session.id, content });

  test('a project that is being deleted takes nothing more on', async () => {
    const { ctx, project, session, repositories } = await setUp();
    const request = { project_id: project.id, title: 'late' };
    const attempts: Array<() => Promise<unknown>> = [
      () => submitPrompt(ctx, prompt('late')),
      () => summarizeSession(ctx, session.id),
      () => createSession(NOT_REACHED, ctx, request),
      () =>
        setSessionConfig(NOT_REACHED, ctx, { sessionId: session.id, request: { provider: 'x', model: 'y' } }),
      () => updateProject(ctx, { projectId: project.id, request: { name: 'late' } }),
      () =>
        inProjectWorkspace(
          { workspaces: { open: () => Promise.reject(new Error('opened')) }, fileSlots: createFileSlots() },
          ctx,
          { projectId: project.id, path: '', signal: new AbortController().signal },
          async () => {},
        ),
    ];
    const answers: unknown[] = [];
    await deleteProject(
      workspaces(async () => {
        for (const attempt of attempts.splice(0)) {
          answers.push(await attempt().then(() => 'accepted', codeOf));
        }
      }),
      ctx,
      project.id,
    );
    expect(answers).toEqual(Array(6).fill('conflict'));
    expect(await repositories.projects.get(project.id)).toBeNull();
  });

  test('a session that is being deleted takes no prompt', async () => {
    const { ctx, session, repositories } = await setUp();
    await submitPrompt(ctx, prompt('first'));
    const late: unknown[] = [];
    const asked = { ...ctx, transaction: ctx.transaction, repositories: { ...ctx.repositories } };
    asked.repositories.sessions = {
      ...ctx.repositories.sessions,
      async delete(id) {
        late.push(await submitPrompt(ctx, prompt('late')).then(() => 'accepted', codeOf));
        await ctx.repositories.sessions.delete(id);
      },
    };
    await deleteSession(keepLog, asked, session.id);
    expect(late).toEqual(['conflict']);
    expect(await repositories.sessions.get(session.id)).toBeNull();
  });

  test('a prompt beside a deletion is refused, or cancelled for all to see', async () => {
    const { ctx, project, frames } = await setUp();
    const [prompts] = await Promise.all([
      Promise.allSettled(Array.from({ length: 8 }, (_, at) => submitPrompt(ctx, prompt(`prompt ${at}`)))),
      deleteProject(
        workspaces(async () => {}),
        ctx,
        project.id,
      ),
    ]);
    const accepted = prompts.flatMap((one) => (one.status === 'fulfilled' ? [one.value.turnId] : []));
    const ended = (await frames()).flatMap((frame) =>
      frame.Type === 'generation_complete' ? [[frame.turn_id, frame.status]] : [],
    );
    expect(ended.sort()).toEqual(accepted.map((id) => [id, 'cancelled']).sort());
  });

  test('a deletion that failed is begun again', async () => {
    const { ctx, project, repositories } = await setUp();
    const fails = workspaces(() => Promise.reject(new Error('host is down')));
    await expect(deleteProject(fails, ctx, project.id)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(submitPrompt(ctx, prompt('between'))).rejects.toMatchObject({
      code: 'conflict',
      message: 'This session is being deleted',
    });
    expect(await repositories.projects.get(project.id)).not.toBeNull();
    await deleteProject(
      workspaces(async () => {}),
      ctx,
      project.id,
    );
    expect(await repositories.projects.get(project.id)).toBeNull();
  });

  test('changes to one project at the same moment do not undo each other', async () => {
    const { ctx, project, repositories } = await setUp();
    await Promise.all([
      updateProject(ctx, { projectId: project.id, request: { name: 'renamed' } }),
      updateProject(ctx, { projectId: project.id, request: { description: 'described' } }),
    ]);
    expect(await repositories.projects.get(project.id)).toMatchObject({
      name: 'renamed',
      description: 'described',
    });
  });
});

function codeOf(error: unknown): string {
  return isDomainError(error) ? error.code : String(error);
}
