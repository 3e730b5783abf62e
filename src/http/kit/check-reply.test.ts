import { expect, test } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#domain/protocol/http/endpoint.ts';
import { checkReply } from './check-reply.ts';
import type { Reply } from './route.ts';

const declared = endpoint({
  method: 'GET',
  path: '/api/things/:id',
  access: 'user',
  summary: 'A thing.',
  params: z.object({ id: z.string() }),
  replies: { 200: z.object({ id: z.string(), inner: z.object({ count: z.number().optional() }) }) },
  errors: ['not_found'],
});
const check = (reply: Reply) => () => checkReply(declared, reply, JSON.stringify(reply.body));
const refusal = (status: number, code: string) => ({
  status,
  body: { error: 'a sentence', code, request_id: 'r' },
});

test('lets through what is declared', () => {
  expect(check({ status: 200, body: { id: 'a', inner: { count: undefined } } })).not.toThrow();
  for (const code of ['not_found', 'unauthenticated', 'invalid_input', 'internal', 'draining']) {
    expect(check(refusal(400, code)), code).not.toThrow();
  }
});

test.each([
  ['an absent field', { status: 200, body: { id: 'a' } }, /inner/],
  ['another type', { status: 200, body: { id: 1, inner: {} } }, /id/],
  ['a field too many', { status: 200, body: { id: 'a', inner: { password: 'x' } } }, /more than is declared/],
  ['another status', { status: 201, body: { id: 'a', inner: {} } }, /code/],
  ['a code of other endpoints', refusal(409, 'email_taken'), /email_taken is not declared/],
  ['a refusal without its id', { status: 404, body: { error: 'a', code: 'not_found' } }, /request_id/],
])('refuses %s', (_, reply, reason) => {
  expect(check(reply)).toThrow(reason);
});
