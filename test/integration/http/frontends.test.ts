import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../harness/until.ts';
import { createHttpHarness, type HttpHarness } from './harness.ts';

let server: HttpHarness;
let token = '';
beforeAll(async () => {
  server = await createHttpHarness();
  token = (await server.register('starter')).token;
});
afterAll(() => server.close());

async function makeProject(more: object): Promise<string> {
  const body = { name: 'a project', ...more };
  return (await server.call('POST', '/api/projects', { token, body })).json.id;
}
const ask = (id: string) => server.call('GET', `/api/projects/${id}/frontend`, { token });
const act = (id: string, verb: 'start' | 'stop') =>
  server.call('POST', `/api/projects/${id}/frontend/${verb}`, { token });

describe('the subdomain of a project', () => {
  const subdomain = (id: string, wanted: string | null) =>
    server.call('PUT', `/api/projects/${id}`, { token, body: { subdomain: wanted } });

  it('is the name of the preview of its frontend, and of no other port', async () => {
    const id = await makeProject({ subdomain: 'My-Shop', frontend_port: 5173 });
    const preview = async (body: object) =>
      (await server.call('POST', `/api/projects/${id}/preview`, { token, body })).json.url;
    expect((await server.call('GET', `/api/projects/${id}`, { token })).json.subdomain).toBe('my-shop');
    expect(await preview({})).toContain('//my-shop.preview.example/');
    expect(await preview({ port: 8888 })).toContain('//8888.preview.example/');
  });

  it('belongs to one project', async () => {
    const first = await makeProject({ subdomain: 'taken' });
    const body = { name: 'another', subdomain: 'Taken' };
    const other = (await server.register('another')).token;
    for (const who of [token, other]) {
      const refused = await server.call('POST', '/api/projects', { token: who, body });
      expect(refused).toMatchObject({ status: 409, json: { code: 'conflict' } });
      expect(refused.json.error).toMatch(/^subdomain: /);
    }
    const second = await makeProject({});
    expect((await subdomain(second, 'taken')).status).toBe(409);
    expect((await subdomain(first, 'taken')).status).toBe(200);
    expect((await subdomain(first, '')).status).toBe(200);
    expect((await subdomain(second, 'taken')).json.subdomain).toBe('taken');
  });

  it('is one label, and no reserved one', async () => {
    const id = await makeProject({});
    for (const wanted of ['a_b', 'www', `${id}-5173`, 'xn--80ak6aa92e']) {
      expect(await subdomain(id, wanted)).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
    }
  });

  it('is kept as it is where it is a whole name', async () => {
    const wanted = 'Shop.Example.org';
    for (const id of [await makeProject({}), await makeProject({})]) {
      expect(await subdomain(id, wanted)).toMatchObject({ status: 200, json: { subdomain: wanted } });
    }
  });
});

describe('the start command of a project', () => {
  it('is shown before it was started', async () => {
    const id = await makeProject({ frontend_command: 'npm run dev', frontend_port: 5173 });
    expect((await ask(id)).json).toEqual({
      state: 'stopped',
      command: 'npm run dev',
      port: 5173,
      restarts: 0,
      log: '',
    });
  });

  it('has to be set', async () => {
    const id = await makeProject({});
    expect((await ask(id)).json).toEqual({ state: 'stopped', restarts: 0, log: '' });
    const refused = await act(id, 'start');
    expect(refused).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
    expect(refused.json.error).toContain('frontend_command');
  });

  it('is started once, stopped at any time, and the changed one is taken by the next start', async () => {
    const id = await makeProject({ frontend_command: 'npm run dev' });
    expect((await act(id, 'start')).json).toMatchObject({ state: 'starting', command: 'npm run dev' });
    expect(await act(id, 'start')).toMatchObject({ status: 409, json: { code: 'conflict' } });
    await server.call('PUT', `/api/projects/${id}`, { token, body: { frontend_command: 'vite' } });
    expect((await ask(id)).json.command).toBe('npm run dev');
    expect((await act(id, 'stop')).json).toMatchObject({ state: 'stopped' });
    expect((await act(id, 'stop')).json).toMatchObject({ state: 'stopped' });
    expect((await act(id, 'start')).json).toMatchObject({ state: 'starting', command: 'vite' });
    await act(id, 'stop');
  });

  it('says in words why it does not run', async () => {
    const id = await makeProject({ frontend_command: 'npm run dev' });
    await act(id, 'start');
    await until(async () => (await ask(id)).json.problem !== undefined, 'the problem');
    expect((await ask(id)).json.problem).toBe(
      'The last time it could not be started: Nothing runs here; it is started again after 1 s',
    );
    await act(id, 'stop');
  });

  it('ends with its project', async () => {
    const id = await makeProject({ frontend_command: 'npm run dev' });
    await act(id, 'start');
    expect((await server.call('DELETE', `/api/projects/${id}`, { token })).status).toBe(200);
    await until(() => server.deps.frontends.get(id)?.state === 'stopped', 'its end');
    expect((await ask(id)).status).toBe(404);
  });
});
