import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Endpoint, endpoint } from '#domain/protocol/http/endpoint.ts';
import { ENDPOINTS } from '#domain/protocol/http/endpoints.ts';
import { newId } from '#shared/ids.ts';
import { type Answer, type CallOptions, createHttpHarness, type HttpHarness } from './harness.ts';
import { bodyOf, type Field, fieldsOf, type Objects, requestOf } from './requests.ts';

const LONG = 'x'.repeat(20_000);
/** Values that have broken parsers, columns or arithmetic somewhere. */
const HOSTILE: unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  '',
  ' ',
  '0',
  'null',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '$(id)',
  '$'.concat('{jndi:ldap://x}'),
  "'; drop table users; --",
  '\u202e\u200b\ufeff',
  '🧨'.repeat(50),
  'e\u0301'.repeat(200),
  '\ud83d',
  'a\u0000b',
  LONG,
  [],
  [[[[[]]]]],
  [null],
  {},
  { toString: null },
  { length: -1 },
  { $ne: null },
];
const HOSTILE_TEXTS = [
  '',
  '0',
  '-1',
  '1e9',
  '%00',
  '%ff',
  '%E0%A4%A',
  "'",
  '[]',
  '__proto__',
  '..%2f',
  LONG.slice(0, 5000),
];
/** What only the inside of the server knows. */
const INTERNAL =
  /node_modules|\/src\/|\bat \S+ \(|postgres|insert into|select .* from|ECONN|ENOENT|otherwise than declared/i;

let server: HttpHarness;
let token = '';
let objects: Objects;
beforeAll(async () => {
  server = await createHttpHarness('postgres', {
    promptLimits: { maxQueued: 100_000, maxQueuedPerSession: 100_000 },
  });
  token = (await server.register('owner')).token;
  const project = (await server.call('POST', '/api/projects', { token, body: { name: 'p' } })).json.id;
  const body = { project_id: project, title: 't' };
  objects = {
    project,
    session: (await server.call('POST', '/api/sessions', { token, body })).json.id,
    tool_call: newId(),
    permission_request: newId(),
    turn: newId(),
    provider: 'acme',
    workspace_file: 'README.md',
    changed_file: 'a.txt',
  };
});
afterAll(() => server.close());

/** Nothing that ends the login or removes what the others need. */
const repeatable = ENDPOINTS.filter(({ method, path }) => method !== 'DELETE' && !path.endsWith('/logout'));
const withBody = repeatable.filter(({ body }) => body !== undefined);
const keyOf = ({ method, path }: Endpoint) => `${method} ${path}`;
const named = (endpoints: readonly Endpoint[]) =>
  endpoints.map((declared) => [keyOf(declared), declared] as const);

async function send(
  declared: Endpoint,
  options: CallOptions,
  path = requestOf(declared, objects).path,
): Promise<Answer> {
  const answer = await server.call(declared.method, path, { token, ...options });
  const what = `${keyOf(declared)} ${path.slice(0, 200)} ${String(options.raw ?? '').slice(0, 200)}: ${answer.text.slice(0, 200)}`;
  expect(answer.status, what).toBeLessThan(500);
  if (answer.status >= 400) {
    expect(answer.json, what).toMatchObject({ error: expect.any(String), code: expect.any(String) });
    expect(answer.text, what).not.toMatch(INTERNAL);
  }
  return answer;
}

/** The required fields, and `value` at a field that may lie inside of another one. */
function bodyWith(declared: Endpoint, { name }: Pick<Field, 'name'>, value: unknown): string {
  const whole: Record<string, unknown> = { ...bodyOf(declared, objects) };
  const [outer = '', inner] = name.split('.');
  whole[outer] = inner === undefined ? value : { ...(whole[outer] as object | undefined), [inner]: value };
  return JSON.stringify(whole);
}

const TYPES = ['string', 'boolean', 'object', 'array', 'number'] as const;
const OF_TYPE = { string: 'text', boolean: true, object: {}, array: [], number: 7 };

/** Values of the types that a field's schema does not name. */
function wrongValues({ schema }: Field): unknown[] {
  const branches = (schema.anyOf ?? schema.oneOf ?? [schema]) as Array<Record<string, unknown>>;
  const allowed = new Set(branches.flatMap(({ type }) => type));
  if (allowed.has(undefined)) return [];
  return TYPES.filter((type) => !allowed.has(type) && !(type === 'number' && allowed.has('integer'))).map(
    (type) => OF_TYPE[type],
  );
}

describe('hostile bodies', () => {
  it.each(named(withBody))(
    'never make %s fail',
    async (_, declared) => {
      server.logs.length = 0;
      const fields = fieldsOf(declared).filter(({ place }) => place === 'body');
      expect(fields).not.toEqual([]);
      for (const value of HOSTILE) {
        await send(declared, { raw: JSON.stringify(value) });
        await send(declared, {
          raw: JSON.stringify(Object.fromEntries(fields.map(({ name }) => [name, value]))),
        });
        for (const field of fields) await send(declared, { raw: bodyWith(declared, field, value) });
      }
      expect(server.logs.filter(({ level }) => level === 'error')).toEqual([]);
    },
    60_000,
  );

  it.each(named(withBody))('of wrong types are refused by %s, which names the field', async (_, declared) => {
    for (const field of fieldsOf(declared).filter(
      ({ place, name }) => place === 'body' && !name.includes('.'),
    )) {
      for (const value of wrongValues(field)) {
        const { status, json } = await send(declared, { raw: bodyWith(declared, field, value) });
        expect([status, json.code], `${field.name}: ${JSON.stringify(value)}`).toEqual([
          400,
          'invalid_input',
        ]);
        expect(json.error).toMatch(new RegExp(`^${field.name}[.:]`));
      }
      const { [field.name]: __, ...rest } = bodyOf(declared, objects) ?? {};
      if (field.required) expect((await send(declared, { raw: JSON.stringify(rest) })).status).toBe(400);
    }
  });

  it.each(named(withBody))('in odd shapes never make %s fail', async (_, declared) => {
    const valid = JSON.stringify(bodyOf(declared, objects));
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const [first = { name: 'x' }] = fieldsOf(declared).filter(({ place }) => place === 'body');
    for (const raw of [
      '',
      '{',
      valid.slice(0, -2),
      `${valid}${valid}`,
      `[${valid}]`,
      `{"${first.name}":${deep}}`,
      `{"__proto__":{"isAdmin":true},"constructor":{"prototype":{}},${valid.slice(1)}`,
      `{"${first.name}":1,"${first.name}":null,${valid.slice(1)}`,
      `{"\\ud800":"\\udfff",${valid.slice(1)}`,
      JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (__, index) => [`k${index}`, index]))),
    ]) {
      await send(declared, { raw });
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const { status } = await send(declared, { raw: valid, headers: { 'content-type': type } });
      expect(status, type).toBe(415);
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('hostile parameters', () => {
  it.each(named(repeatable))(
    'never make %s fail',
    async (_, declared) => {
      server.logs.length = 0;
      const { path, body } = requestOf(declared, objects);
      const names = [
        ...fieldsOf(declared)
          .filter(({ place }) => place === 'query')
          .map(({ name }) => name),
        'unknown',
      ];
      const base = path.split('?')[0] ?? '';
      for (const value of HOSTILE_TEXTS) {
        await send(
          declared,
          { body },
          `${base}?${names.flatMap((name) => [`${name}=${value}`, `${name}=${value}2`]).join('&')}`,
        );
        for (const name of names)
          await send(declared, { body }, `${base}?project_id=${objects.project}&${name}=${value}`);
        for (const field of fieldsOf(declared).filter(({ place }) => place === 'params')) {
          const odd = requestOf(declared, { ...objects, [field.kind ?? '']: value || '%20' });
          await send(declared, { body }, odd.path);
        }
        for (const name of Object.keys(declared.headers?.shape ?? {})) {
          await send(declared, { body, headers: { [name]: decodable(value) } });
        }
      }
      expect(server.logs.filter(({ level }) => level === 'error')).toEqual([]);
    },
    60_000,
  );

  it('need an example where a pattern cannot be guessed', () => {
    const planted = endpoint({
      method: 'POST',
      path: '/api/things',
      access: 'user',
      summary: 'Makes a thing.',
      body: z.object({ code: z.string().regex(/^[A-Z]{3}-\d+$/) }),
      replies: { 200: z.object({}) },
    });
    expect(() => bodyOf(planted, objects)).toThrow('give an example of');
  });
});

/** A header takes Latin-1 only. */
function decodable(value: string): string {
  return value.replace(/%\w\w/g, 'é');
}
