import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { DomainError } from '#domain/errors.ts';
import { DatabaseError, translateError } from './errors.ts';

function driverError(code: string, fields: object = {}): Error {
  const error = Object.assign(new Error('driver says'), { code, ...fields });
  return new DrizzleQueryError('insert into users', ['secret'], error);
}

test.each([
  ['23505', { constraint_name: 'users_username_unique' }, 'username_taken'],
  ['23505', { constraint: 'users_email_unique' }, 'email_taken'],
  ['23505', { constraint: 'another' }, 'conflict'],
  ['23503', {}, 'not_found'],
  ['23514', {}, 'invalid_input'],
  ['22P02', { routine: 'string_to_uuid' }, 'not_found'],
  ['22P02', { routine: 'pg_strtoint64_safe' }, 'invalid_input'],
  ['22P02', {}, 'invalid_input'],
  ['57P01', {}, 'unavailable'],
  ['08006', {}, 'unavailable'],
  ['ECONNREFUSED', {}, 'unavailable'],
  ['CONNECT_TIMEOUT', {}, 'unavailable'],
])('%s with %j becomes a domain error', (code, fields, expected) => {
  expect(translateError(driverError(code, fields))).toMatchObject({ name: 'DomainError', code: expected });
});

test('a refused connection to several addresses is one failure', () => {
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  expect(translateError(new AggregateError([refused]))).toMatchObject({ code: 'unavailable' });
});

test('an unknown failure keeps its code and loses statement and parameters', () => {
  const translated = translateError(driverError('42P01'));
  expect(translated).toBeInstanceOf(DatabaseError);
  expect(String(translated)).toBe('DatabaseError: Database error 42P01: driver says');
  expect(translated).not.toHaveProperty('cause');
});

test('errors that are not of a driver stay what they are', () => {
  const own = new DomainError('forbidden', 'no');
  const bug = new TypeError('x');
  expect(translateError(own)).toBe(own);
  expect(translateError(bug)).toBe(bug);
});
