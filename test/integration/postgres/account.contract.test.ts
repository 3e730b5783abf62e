import { describe, expect, it } from 'vitest';
import { newId } from '#shared/ids.ts';
import { describeDatabases } from './contract.ts';
import { NOW, newProject, newSession, newUser, seedSession } from './records.ts';

describeDatabases('accounts', (database) => {
  describe('users', () => {
    const users = () => database().repositories.users;

    it('stores a user without letting the password hash out', async () => {
      const { passwordHash, usernameKey, ...user } = newUser({
        avatarUrl: 'https://example.org/a.png',
        role: 'admin',
      });
      await users().insert({ ...user, passwordHash, usernameKey });
      expect(await users().isUsernameTaken(usernameKey)).toBe(true);
      expect(await users().isUsernameTaken('free')).toBe(false);
      expect(await users().get(user.id)).toEqual(user);
      expect(await users().passwordHash(user.id)).toBe(passwordHash);
      expect(await users().passwordHash(newId())).toBeNull();
    });

    it('compares names and addresses without regard to case', async () => {
      const user = newUser({ username: 'Ada', email: 'Ada@Example.org' });
      await users().insert(user);
      expect((await users().getByUsername('aDA'))?.id).toBe(user.id);
      expect((await users().getByEmail('ada@example.ORG'))?.id).toBe(user.id);
      expect(await users().getByEmail('nobody@example.org')).toBeNull();
      await expect(users().insert(newUser({ username: 'ADA' }))).rejects.toMatchObject({
        code: 'username_taken',
      });
      await expect(users().insert({ ...newUser(), usernameKey: user.usernameKey })).rejects.toMatchObject({
        code: 'username_taken',
        field: 'username',
      });
      await expect(users().insert(newUser({ email: 'ADA@example.org' }))).rejects.toMatchObject({
        code: 'email_taken',
        field: 'email',
      });
    });

    it('says nothing of the stored values when it refuses a row', async () => {
      const user = newUser({ username: 'x'.repeat(300), email: 'secret@example.org' });
      const error: unknown = await users()
        .insert(user)
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'invalid_input' });
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret');
    });

    it('treats an id that is none like one that is missing', async () => {
      await expect(users().get("'; drop table users; --")).rejects.toMatchObject({ code: 'not_found' });
    });

    it('changes password, state and the moment from which tokens count', async () => {
      const user = newUser();
      await users().insert(user);
      await users().setPasswordHash(user.id, 'new', NOW + 1);
      await users().setDisabled(user.id, NOW + 2, NOW + 2);
      await users().setTokensValidAfter(user.id, NOW + 3);
      await users().setTokensValidAfter(user.id, NOW);
      expect(await users().passwordHash(user.id)).toBe('new');
      expect(await users().get(user.id)).toMatchObject({
        disabledAt: NOW + 2,
        tokensValidAfter: NOW + 3,
        updatedAt: NOW + 2,
      });
      await users().setDisabled(user.id, null, NOW + 4);
      expect((await users().get(user.id))?.disabledAt).toBeNull();
    });

    it('lists all users once, page by page', async () => {
      for (let i = 0; i < 5; i += 1) await users().insert(newUser());
      const seen: string[] = [];
      for (;;) {
        const page = await users().list({ limit: 2, afterId: seen.at(-1) });
        if (page.length === 0) break;
        seen.push(...page.map((user) => user.id));
      }
      expect(seen).toHaveLength(await users().count());
      expect(new Set(seen).size).toBe(seen.length);
    });
  });

  describe('login sessions', () => {
    it('touches, revokes one and revokes all of a user', async () => {
      const { users, logins } = database().repositories;
      const user = newUser();
      await users.insert(user);
      const login = () => ({
        id: newId(),
        userId: user.id,
        device: null as string | null,
        createdAt: NOW,
        lastUsedAt: NOW,
        expiresAt: NOW + 1000,
        revokedAt: null,
      });
      const [first, second] = [login(), { ...login(), device: 'digest' }];
      await logins.insert(first);
      await logins.insert(second);
      expect(await logins.get(first.id)).toEqual(first);
      await logins.touch(first.id, NOW + 5);
      await logins.touch(first.id, NOW + 1);
      await logins.revoke(first.id, NOW + 6);
      await logins.revokeAll(user.id, NOW + 9);
      expect(await logins.get(first.id)).toMatchObject({ lastUsedAt: NOW + 5, revokedAt: NOW + 6 });
      expect(await logins.get(second.id)).toMatchObject({ revokedAt: NOW + 9 });
      expect(await logins.get(newId())).toBeNull();
    });

    it('tell the devices of an account, ended logins included', async () => {
      const { users, logins } = database().repositories;
      const [user, other] = [newUser(), newUser()];
      await users.insert(user);
      await users.insert(other);
      const id = newId();
      const times = { createdAt: NOW, lastUsedAt: NOW, expiresAt: NOW + 1000, revokedAt: null };
      await logins.insert({ id, userId: user.id, device: 'home', ...times });
      await logins.touch(id, NOW + 5);
      await logins.revoke(id, NOW + 6);
      const isKnown = (email: string, device: string, since: number) =>
        logins.isKnownDevice({ email, device, since });
      expect(await isKnown(user.email.toUpperCase(), 'home', NOW + 5)).toBe(true);
      expect(await isKnown(user.email, 'home', NOW + 6)).toBe(false);
      expect(await isKnown(user.email, 'elsewhere', NOW)).toBe(false);
      expect(await isKnown(other.email, 'home', NOW)).toBe(false);
    });
  });

  describe('projects', () => {
    const projects = () => database().repositories.projects;

    it('stores, changes and deletes a project with all that hangs on it', async () => {
      const { repositories } = database();
      const { project, session } = await seedSession(repositories);
      expect(await projects().get(project.id)).toEqual(project);
      const changed = { ...project, name: 'other', backendPort: 8080, updatedAt: NOW + 1 };
      await projects().update(changed);
      expect(await projects().get(project.id)).toEqual(changed);
      await projects().delete(project.id);
      expect(await projects().get(project.id)).toBeNull();
      expect(await repositories.sessions.get(session.id)).toBeNull();
      await expect(projects().update(changed)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('lists the projects of one user, newest first, page by page', async () => {
      const { users } = database().repositories;
      const [user, other] = [newUser(), newUser()];
      await users.insert(user);
      await users.insert(other);
      await projects().insert(newProject(other.id));
      const stored = [1, 2, 2, 3].map((age) => newProject(user.id, { createdAt: NOW - age }));
      for (const project of stored) await projects().insert(project);
      const first = await projects().listByUser(user.id, { limit: 2 });
      const rest = await projects().listByUser(user.id, { limit: 9, before: first.at(-1)?.id });
      const listed = [...first, ...rest];
      expect(listed.map((project) => project.createdAt)).toEqual([NOW - 1, NOW - 2, NOW - 2, NOW - 3]);
      expect(new Set(listed.map((project) => project.id)).size).toBe(4);
      expect(await projects().listByUser(user.id, { limit: 9, before: newId() })).toEqual([]);
    });
  });

  describe('sessions', () => {
    const sessions = () => database().repositories.sessions;

    it('stores a session and applies each change to what is there', async () => {
      const { session } = await seedSession(database().repositories);
      expect(await sessions().get(session.id)).toEqual(session);
      const todos = [{ content: 'a \0 b \ud800', status: 'pending' as const, activeForm: '\\u0000' }];
      await sessions().setTitle(session.id, 'title', NOW + 1);
      await sessions().setTodos(session.id, todos, NOW + 2);
      await sessions().addUsage(session.id, { summaryMessageId: session.id }, NOW + 3);
      await Promise.all([1, 2, 3, 4].map(() => sessions().addUsage(session.id, { addCost: 0.25 }, NOW + 4)));
      await sessions().addUsage(
        session.id,
        { promptTokens: 7, completionTokens: 8, contextWindow: 9 },
        NOW + 5,
      );
      await Promise.all([1, 2, 3, 4].map(() => sessions().addUsage(session.id, { addMessages: 2 }, NOW + 6)));
      expect(await sessions().get(session.id)).toEqual({
        ...session,
        title: 'title',
        todos: [{ content: 'a \ufffd b \ufffd', status: 'pending', activeForm: '\\u0000' }],
        summaryMessageId: session.id,
        cost: 1,
        promptTokens: 7,
        completionTokens: 8,
        contextWindow: 9,
        messageCount: 8,
        updatedAt: NOW + 6,
      });
      await expect(sessions().setTitle(newId(), 't', NOW)).rejects.toMatchObject({ code: 'not_found' });
      await expect(sessions().addUsage(session.id, { addMessages: -9 }, NOW)).rejects.toMatchObject({
        code: 'invalid_input',
      });
    });

    it('lists the sessions of a project, newest first, without those of sub-agents', async () => {
      const { project, session } = await seedSession(database().repositories);
      const newer = newSession(project, { createdAt: NOW + 1 });
      await sessions().insert(newer);
      await sessions().insert(newSession(project, { parentSessionId: session.id }));
      const ids = async (page: { limit: number; before?: string }) =>
        (await sessions().listByProject(project.id, page)).map(({ id }) => id);
      expect(await ids({ limit: 9 })).toEqual([newer.id, session.id]);
      expect(await ids({ limit: 1, before: newer.id })).toEqual([session.id]);
    });

    it('keeps one model configuration per session', async () => {
      const { sessionConfigs } = database().repositories;
      const { session } = await seedSession(database().repositories);
      const config = {
        sessionId: session.id,
        provider: 'openai',
        model: 'm',
        apiKeySealed: 'sealed',
        apiKeyHint: 'abcd',
        baseUrl: null,
        maxTokens: 10,
        temperature: 0.5,
        topP: null,
        reasoningEffort: 'low' as const,
        isAuto: true,
        updatedAt: NOW,
      };
      expect(await sessionConfigs.get(session.id)).toBeNull();
      await sessionConfigs.put(config);
      await sessionConfigs.put({ ...config, model: 'other', apiKeySealed: null });
      expect(await sessionConfigs.get(session.id)).toEqual({ ...config, model: 'other', apiKeySealed: null });
      await sessions().delete(session.id);
      expect(await sessionConfigs.get(session.id)).toBeNull();
    });
  });

  describe('provider credentials', () => {
    it('keeps one key per provider and at most one default', async () => {
      const { users, credentials } = database().repositories;
      const user = newUser();
      await users.insert(user);
      const credential = {
        userId: user.id,
        provider: 'anthropic',
        apiKeySealed: 's',
        apiKeyHint: 'wxyz',
        baseUrl: null,
        maxTokens: null,
        reasoningEffort: null,
        isDefault: true,
        model: 'm',
        updatedAt: NOW,
      };
      await credentials.put(credential);
      await credentials.put({ ...credential, provider: 'openai' });
      await credentials.put({ ...credential, provider: 'openai', apiKeySealed: 't' });
      expect(await credentials.get(user.id, 'anthropic')).toEqual({ ...credential, isDefault: false });
      expect(await credentials.list(user.id)).toEqual([
        { ...credential, isDefault: false },
        { ...credential, provider: 'openai', apiKeySealed: 't' },
      ]);
      expect(await credentials.get(user.id, 'none')).toBeNull();
    });
  });
});
