import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { disableUser, setPassword } from '#domain/user/index.ts';
import { createRegistrationThrottle } from '../../../src/infra/auth/index.ts';
import { DATABASE_KINDS } from '../../harness/database.ts';
import { createHttpHarness, type HttpHarness } from './harness.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let server: HttpHarness;
beforeAll(async () => {
  server = await createHttpHarness();
});
afterAll(() => server.close());

const credentials = (name: string) => ({ email: `${name}@example.com`, password: `${name}-long-password` });
const logIn = (name: string) => server.call('POST', '/api/auth/login', { body: credentials(name) });
const verify = (token: string) => server.call('GET', '/api/auth/verify', { token });

/** A request that comes from this address. */
function postFrom(to: HttpHarness, address: string, { path, body }: { path: string; body: object }) {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  return to.app.request(path, init, { incoming: { headers, socket: { remoteAddress: address } } });
}

describe('registration', () => {
  it('makes the first user the administrator and the next one a member', async () => {
    const first = await server.register('ada');
    const second = await server.register('bob');
    expect((await server.system.repositories.users.get(first.userId))?.role).toBe('admin');
    expect((await server.system.repositories.users.get(second.userId))?.role).toBe('member');
  });

  it('answers with a token and the user, and stores the hash only', async () => {
    const body = { username: 'cleo', email: 'Cleo@Example.COM', password: 'cleo-long-password' };
    const { status, json } = await server.call('POST', '/api/auth/register', { body });
    expect(status).toBe(200);
    expect(json).toEqual({
      success: true,
      token: expect.any(String),
      user: { id: expect.any(String), username: 'cleo', email: 'cleo@example.com' },
    });
    expect(await server.system.repositories.users.passwordHash(json.user.id)).toMatch(/^\$scrypt\$/);
    expect((await verify(json.token)).json).toEqual({ valid: true, user: json.user });
  });

  it('refuses a taken name and a taken address, in any letter case', async () => {
    await server.register('dora');
    const taken = async (username: string, email: string) =>
      (
        await server.call('POST', '/api/auth/register', {
          body: { username, email, password: 'long enough 1' },
        })
      ).json;
    expect(await taken('DORA', 'other@example.com')).toMatchObject({
      success: false,
      code: 'username_taken',
    });
    expect(await taken('other', 'DORA@example.com')).toMatchObject({ success: false, code: 'email_taken' });
  });

  it.each([
    [{ username: 'x', email: 'x@example.com', password: 'short' }, 'password'],
    [{ username: 'x', email: 'x@example.com', password: 'Password123' }, 'password'],
    [{ username: 'longname', email: 'x@example.com', password: 'LONGNAME' }, 'password'],
    [{ username: 'x', email: 'x@example.com', password: 'p'.repeat(1025) }, 'password'],
    [{ username: 'x', email: 'nowhere', password: 'long enough 1' }, 'email'],
    [{ username: 'a b<script>', email: 'x@example.com', password: 'long enough 1' }, 'username'],
    [{ email: 'x@example.com', password: 'long enough 1' }, 'username'],
    [{ username: 'x', email: 5, password: 'long enough 1' }, 'email'],
  ])('refuses %j and names the field', async (body, field) => {
    const { status, json } = await server.call('POST', '/api/auth/register', { body });
    expect(status).toBe(400);
    expect(json).toMatchObject({ success: false, code: 'invalid_input' });
    expect(json.error).toMatch(new RegExp(`^${field}:`));
    expect(json.message).toBe(json.error);
  });

  it('makes one administrator of twenty who come at once, on either database', async () => {
    for (const kind of DATABASE_KINDS) {
      const fresh = await createHttpHarness(kind);
      const names = Array.from({ length: 20 }, (_, i) => `first${i}`);
      const made = await Promise.all(names.map((name) => fresh.register(name)));
      const { users } = fresh.system.repositories;
      const roles = await Promise.all(made.map(async ({ userId }) => (await users.get(userId))?.role));
      await fresh.close();
      expect(roles.filter((role) => role === 'admin')).toHaveLength(1);
    }
  });

  it.each([
    ['look-alike letters of another script', 'сосо', 'coco', 409, 'username_taken'],
    ['wide letters', 'Ｂｏｂｂｙ', 'bobby', 409, 'username_taken'],
    ['letters of two scripts', 'аdmin', '', 400, 'invalid_input'],
  ])('refuses a name with %s', async (_, name, first, status, code) => {
    const body = (username: string) => ({
      username,
      email: `${Math.random().toString(36).slice(2)}@example.com`,
      password: 'long enough 1',
    });
    if (first !== '') await server.call('POST', '/api/auth/register', { body: body(first) });
    const refused = await server.call('POST', '/api/auth/register', { body: body(name) });
    expect([refused.status, refused.json.code]).toEqual([status, code]);
  });

  it.each(['Müller.Øre', 'Иван', 'Ελένη', '山田たろう', 'kim김', 'אבי2'])(
    'takes the name %s',
    async (username) => {
      const body = {
        username,
        email: `${encodeURIComponent(username).replaceAll('%', '')}@example.com`.slice(-60),
      };
      const answer = await server.call('POST', '/api/auth/register', {
        body: { ...body, password: 'long enough 1' },
      });
      expect(answer.json.user?.username).toBe(username);
    },
  );

  it('is refused to a network, and to all, that make too many accounts, with the seconds to wait', async () => {
    const few = await createHttpHarness('pglite', {
      registrations: createRegistrationThrottle({ redis: null, perNetwork: 2, inAll: 3 }),
    });
    const come = async (name: string, from: string) => {
      const body = { username: name, email: `${name}@example.com`, password: `${name}-long-password` };
      const { status, headers } = await postFrom(few, from, { path: '/api/auth/register', body });
      return [status, Number(headers.get('retry-after')) > 3000];
    };
    expect(await come('a1', '2001:db8:1:2::a')).toEqual([200, false]);
    expect(await come('a1', '2001:db8:1:2::b')).toEqual([409, false]);
    expect(await come('a3', '2001:db8:1:2:ffff::c')).toEqual([429, true]);
    expect(await come('b1', '2001:db8:1:3::a')).toEqual([200, false]);
    expect(await come('c1', '192.0.2.7')).toEqual([429, true]);
    await few.close();
  });

  it('can be closed', async () => {
    const closed = await createHttpHarness('pglite', { registration: 'closed' });
    const body = { username: 'x', email: 'x@example.com', password: 'long enough 1' };
    const { status, json } = await closed.call('POST', '/api/auth/register', { body });
    await closed.close();
    expect([status, json.code]).toEqual([403, 'registration_closed']);
  });
});

describe('login', () => {
  it('answers alike to an unknown user and to a wrong password', async () => {
    await server.register('emma');
    const attempt = (email: string) =>
      server.call('POST', '/api/auth/login', { body: { email, password: 'not the password' } });
    const wrong = await attempt('emma@example.com');
    const unknown = await attempt('nobody@example.com');
    const shape = ({ status, json }: typeof wrong) => ({ status, ...json, request_id: 'any' });
    expect(shape(wrong)).toEqual(shape(unknown));
    expect(wrong.status).toBe(401);
    expect(wrong.json).toMatchObject({
      success: false,
      message: wrong.json.error,
      code: 'invalid_credentials',
    });
  });

  it('answers the sixth failure of an account with 429 and the seconds to wait', async () => {
    await server.register('finn');
    const statuses: number[] = [];
    const attempt = (headers: Record<string, string>) =>
      server.call('POST', '/api/auth/login', {
        body: { email: 'finn@example.com', password: 'wrong one' },
        headers,
      });
    for (let i = 0; i < 6; i++) statuses.push((await attempt({ 'x-forwarded-for': `192.0.2.${i}` })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(Number((await attempt({})).headers.get('retry-after'))).toBeGreaterThan(0);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 60_000 });
    try {
      expect((await logIn('finn')).status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
  });

  it('works on a device that is known, from registration on, whatever strangers guess elsewhere', async () => {
    const from = (address: string, password: string) =>
      postFrom(server, address, { path: '/api/auth/login', body: { email: 'hana@example.com', password } });
    await server.register('hana');
    for (let i = 0; i < 9; i++) await from(`203.0.113.${i}`, 'a guess');
    expect((await from('198.51.100.1', 'hana-long-password')).status).toBe(429);
    expect((await logIn('hana')).status).toBe(200);
  });

  it('does not show which of many parallel guesses was right', async () => {
    await server.register('gwen');
    const guess = (password: string) =>
      server.call('POST', '/api/auth/login', { body: { email: 'gwen@example.com', password } });
    const guesses = Array.from({ length: 18 }, (_, i) => guess(`wrong guess ${i}`));
    const right = await guess('gwen-long-password');
    await Promise.all(guesses);
    expect(right.status).toBe(429);
  });

  it('replaces a hash of older parameters after a success', async () => {
    const { userId } = await server.register('gina');
    const users = server.system.repositories.users;
    const { createPasswordHasher } = await import('../../../src/infra/auth/index.ts');
    const old = await createPasswordHasher({ cost: { log2N: 9, r: 8, p: 1 } }).hash('gina-long-password');
    await users.setPasswordHash(userId, old, Date.now());
    expect((await logIn('gina')).status).toBe(200);
    expect(await users.passwordHash(userId)).toContain('ln=10,');
  });

  it('starts a new login session each time', async () => {
    await server.register('hugo');
    const [first, second] = [(await logIn('hugo')).json.token, (await logIn('hugo')).json.token];
    await server.call('POST', '/api/auth/logout', { token: first });
    expect((await verify(first)).status).toBe(401);
    expect((await verify(second)).status).toBe(200);
  });
});

describe('tokens', () => {
  it('are refreshed by two tabs at once, and both go on', async () => {
    const { token } = await server.register('iris');
    const refresh = () => server.call('POST', '/api/auth/refresh', { token });
    const answers = await Promise.all([refresh(), refresh()]);
    for (const { status, json } of answers) {
      expect(status).toBe(200);
      expect((await verify(json.token)).status).toBe(200);
    }
  });

  it('expire, and a login ends after thirty days whatever is refreshed', async () => {
    const { token } = await server.register('june');
    let current = token;
    for (let day = 0; day < 30; day++) {
      server.advance(DAY_MS - HOUR_MS);
      const { status, json } = await server.call('POST', '/api/auth/refresh', { token: current });
      expect(status).toBe(200);
      current = json.token;
    }
    server.advance(DAY_MS + 6 * HOUR_MS);
    expect((await verify(current)).status).toBe(401);
    server.advance(-30 * (DAY_MS - HOUR_MS) - DAY_MS - 6 * HOUR_MS);
  });

  it('say that they have expired', async () => {
    const { token } = await server.register('kate');
    server.advance(25 * HOUR_MS);
    const { status, json, headers } = await verify(token);
    server.advance(-25 * HOUR_MS);
    expect([status, json.code]).toEqual([401, 'token_expired']);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it('end at once with a changed password and with a disabled account', async () => {
    const { token, userId } = await server.register('liam');
    expect((await verify(token)).status).toBe(200);
    await setPassword(server.deps, server.system, { userId, password: 'another long password' });
    expect((await verify(token)).status).toBe(401);
    expect((await server.call('POST', '/api/auth/refresh', { token })).status).toBe(401);
    const body = { email: 'liam@example.com', password: 'another long password' };
    const again = await server.call('POST', '/api/auth/login', { body });
    expect((await verify(again.json.token)).status).toBe(200);
    await disableUser(server.system, userId);
    expect((await verify(again.json.token)).status).toBe(401);
    const refused = await server.call('POST', '/api/auth/login', { body });
    expect([refused.status, refused.json.code]).toEqual([403, 'account_disabled']);
  });

  it.each(['', 'Basic abc', 'Bearer', 'Bearer a.b.c', `Bearer ${'x'.repeat(10_000)}`])(
    'are needed: %.20s is refused',
    async (authorization) => {
      const { status, json } = await server.call('GET', '/api/projects', { headers: { authorization } });
      expect([status, json.code]).toEqual([401, 'unauthenticated']);
    },
  );
});
