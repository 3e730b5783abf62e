import { expect, test } from 'vitest';
import { API } from '#domain/protocol/http/endpoints.ts';
import { AnswerMismatchError, createApi } from './api.ts';

interface Sent {
  url: string;
  init: RequestInit;
}

function apiThatGets(answer: () => Response) {
  const sent: Sent[] = [];
  const fetch = async (url: string | URL | Request, init: RequestInit = {}) => {
    sent.push({ url: String(url), init });
    return answer();
  };
  const server = new URL('http://crush.example/behind/');
  return { sent, api: createApi({ server, fetch: fetch as typeof globalThis.fetch, token: () => 'secret' }) };
}

const page = () => Response.json([], { headers: { 'x-next-cursor': 'next' } });

test('fills path, query, headers and body, and sends the token where one is needed', async () => {
  const { api, sent } = apiThatGets(page);
  const answer = await api.send(API.sessions.listMessages, { params: { id: 'a/b' }, query: { limit: 5 } });
  expect(answer).toMatchObject({ ok: true, status: 200, body: [] });
  expect(sent[0]?.url).toBe('http://crush.example/behind/api/sessions/a%2Fb/messages?limit=5');
  expect(sent[0]?.init).toMatchObject({ method: 'GET', redirect: 'manual', body: undefined });
  expect(sent[0]?.init.headers).toMatchObject({ authorization: 'Bearer secret' });
  await api.send(API.history.getFileHistory, { params: { id: 's', path: 'src/ä b.ts' } }).catch(() => {});
  expect(sent[1]?.url).toBe('http://crush.example/behind/api/sessions/s/history/src/%C3%A4%20b.ts');
  await api.send(API.auth.login, { body: { email: 'a@b.example', password: 'p' } }).catch(() => {});
  expect(sent[2]?.init.headers).not.toHaveProperty('authorization');
  expect(sent[2]?.init.body).toBe('{"email":"a@b.example","password":"p"}');
});

test('gives a refusal as an answer, with what the server says', async () => {
  const body = { error: 'Too many', code: 'queue_full', request_id: 'r' };
  const { api } = apiThatGets(() => Response.json(body, { status: 429, headers: { 'retry-after': '2' } }));
  const sent = await api.send(API.turns.submitPrompt, { params: { id: 's' }, body: { content: 'hi' } });
  expect(sent).toEqual({
    ok: false,
    refusal: { status: 429, code: 'queue_full', message: 'Too many', retryAfterMs: 2000, location: null },
  });
});

test.each([
  ['another body', () => Response.json({ id: 1 })],
  ['no JSON', () => new Response('<html>')],
  ['another success', () => Response.json({}, { status: 201 })],
])('does not take %s for an answer of this API', async (_, answer) => {
  const { api } = apiThatGets(answer);
  const sent = api.send(API.projects.getProject, { params: { id: 'p' } });
  await expect(sent).rejects.toThrow(AnswerMismatchError);
});

test('gives bytes as bytes', async () => {
  const { api } = apiThatGets(() => new Response('text'));
  const sent = await api.send(API.files.getFileContent, { query: { project_id: 'p', path: 'a.txt' } });
  expect(sent.ok && new TextDecoder().decode(sent.body)).toBe('text');
});
