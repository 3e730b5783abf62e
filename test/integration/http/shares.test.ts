import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASE_KINDS } from '../../harness/database.ts';
import { createHttpHarness, type HttpHarness } from './harness.ts';

const AT_ONCE = 12;
const many = <T>(run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, i) => run(i)));

/** Each limit is met by requests at the same moment, which may not pass it together. */
describe.each(DATABASE_KINDS)('what one user may have, on %s', (kind) => {
  let server: HttpHarness;
  let greedy: string;
  let other: string;

  beforeAll(async () => {
    server = await createHttpHarness(kind, {
      maxProjectsPerUser: 3,
      maxSessionsPerUser: 6,
      promptLimits: { maxQueuedPerUser: 4, maxQueuedPerSession: 3 },
    });
    greedy = (await server.register('greedy')).token;
    other = (await server.register('other')).token;
  });
  afterAll(() => server.close());

  const post = (token: string, path: string, body: object) => server.call('POST', path, { token, body });
  const newProject = (token: string) => post(token, '/api/projects', { name: 'p' });
  const newSession = async (token: string, projectId: string) =>
    post(token, '/api/sessions', { project_id: projectId, title: 's', is_auto: true });

  const projects: string[] = [];
  const sessions: string[] = [];

  it('is so many projects, and a refused one leaves no workspace', async () => {
    const answers = await many(() => newProject(greedy));
    for (const { status, json } of answers) {
      if (status === 200) projects.push(json.id);
      else
        expect([status, json.code, json.error]).toEqual([
          409,
          'limit_reached',
          expect.stringContaining('You already have 3 projects'),
        ]);
    }
    expect(projects).toHaveLength(3);
    expect(server.workspaces.size).toBe(3);
    expect((await newProject(other)).status).toBe(200);
  });

  it('is so many sessions over all projects', async () => {
    const answers = await many((i) => newSession(greedy, projects[i % 3] ?? ''));
    for (const { status, json } of answers) {
      if (status === 200) sessions.push(json.id);
      else expect([status, json.code]).toEqual([409, 'limit_reached']);
    }
    expect(sessions).toHaveLength(6);
    const [first = ''] = sessions;
    expect((await server.call('DELETE', `/api/sessions/${first}`, { token: greedy })).status).toBe(200);
    const again = await newSession(greedy, projects[0] ?? '');
    expect(again.status).toBe(200);
    sessions.splice(0, 1, again.json.id);
  });

  it('is so many waiting prompts over all sessions, and the refusal says whose limit it is', async () => {
    const answers = await many((i) =>
      post(greedy, `/api/sessions/${sessions[i % 6]}/messages`, { content: `prompt ${i}` }),
    );
    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused).toHaveLength(AT_ONCE - 4);
    for (const { status, json } of refused) {
      expect([status, json.code]).toEqual([429, 'queue_full']);
      expect(json.error).toBe(
        'You already have 4 prompts waiting in your sessions; wait until some have ended',
      );
    }
    const project = await newProject(other);
    const session = await newSession(other, project.json.id);
    const { status } = await post(other, `/api/sessions/${session.json.id}/messages`, { content: 'hello' });
    expect(status).toBe(202);
  });
});
