import { describe, expect, it } from 'vitest';
import type { Message } from '#domain/message/index.ts';
import { WHOLE_DIRECTORY } from '#domain/permission/index.ts';
import { newId } from '#shared/ids.ts';
import { describeDatabases } from './contract.ts';
import { NOW, newMessage, newPermissionRequest, newToolCall, seedSession, seedTurn } from './records.ts';

describeDatabases('conversations', (database) => {
  describe('messages', () => {
    const messages = () => database().repositories.messages;

    /** Two turns of two messages, stored out of order. */
    async function seedMessages() {
      const { session } = await seedSession(database().repositories);
      const at = (turnNumber: number, index: number, changes: Partial<Message> = {}) =>
        newMessage(session.id, { turnNumber, index, role: index === 0 ? 'user' : 'assistant', ...changes });
      const inOrder = [at(1, 0), at(1, 1), at(2, 0), at(2, 1, { finishedAt: null })];
      for (const message of [...inOrder].reverse()) await messages().insert(message);
      return { session, inOrder };
    }
    const ids = (list: Message[]) => list.map(({ id }) => id);

    it('lists in the order of turns, the last ones before a message', async () => {
      const { session, inOrder } = await seedMessages();
      expect(await messages().list(session.id)).toEqual(inOrder);
      expect(ids(await messages().list(session.id, { limit: 2 }))).toEqual(ids(inOrder.slice(2)));
      expect(ids(await messages().list(session.id, { limit: 1, before: inOrder[2]?.id }))).toEqual(
        ids(inOrder.slice(1, 2)),
      );
      expect(await messages().list(session.id, { before: newId() })).toEqual([]);
    });

    it('gives a turn what precedes it, from the summary on', async () => {
      const { session, inOrder } = await seedMessages();
      const forTurn = async (turn: number, from: string | null) => {
        if (from)
          await database().repositories.sessions.addUsage(session.id, { summaryMessageId: from }, NOW);
        return messages().listForTurn(session.id, turn);
      };
      expect(ids(await forTurn(1, null))).toEqual(ids(inOrder.slice(0, 2)));
      expect(ids(await forTurn(2, inOrder[1]?.id ?? null))).toEqual(ids(inOrder.slice(1)));
      expect(ids(await forTurn(2, newId()))).toEqual(ids(inOrder));
    });

    it('numbers and finds what is unfinished', async () => {
      const { session, inOrder } = await seedMessages();
      expect(await messages().nextIndex(session.id, 2)).toBe(2);
      expect(await messages().nextIndex(session.id, 3)).toBe(0);
      expect(ids(await messages().listUnfinished(session.id))).toEqual(ids(inOrder.slice(3)));
    });

    it('replaces the parts of a message, whatever characters a model sends', async () => {
      const { inOrder } = await seedMessages();
      const id = inOrder[3]?.id ?? '';
      const update = { appliedCursor: 'e-1', finishedAt: NOW + 1, now: NOW + 1 };
      const parts: Message['parts'] = [
        { type: 'text', text: 'nul \0, half \ud83d, whole \u{1f600}, "\\u0000"' },
        { type: 'tool_result', tool_call_id: 'x', name: 'bash', content: '\0', is_error: false },
      ];
      await messages().setParts(id, { ...update, parts });
      const stored = await messages().get(id);
      expect(stored?.parts).toEqual([
        { type: 'text', text: 'nul \ufffd, half \ufffd, whole \u{1f600}, "\\u0000"' },
        { type: 'tool_result', tool_call_id: 'x', name: 'bash', content: '\ufffd', is_error: false },
      ]);
      expect(stored).toMatchObject({ appliedCursor: 'e-1', finishedAt: NOW + 1, updatedAt: NOW + 1 });
      await expect(messages().setParts(newId(), { ...update, parts: [] })).rejects.toMatchObject({
        code: 'not_found',
      });
    });

    it('keeps two messages from one position and drops what is deleted', async () => {
      const { session, inOrder } = await seedMessages();
      const twin = newMessage(session.id, { turnNumber: 1, index: 0 });
      await expect(messages().insert(twin)).rejects.toMatchObject({ code: 'conflict' });
      await messages().delete(inOrder[0]?.id ?? '');
      expect(ids(await messages().list(session.id))).toEqual(ids(inOrder.slice(1)));
      await expect(messages().insert(newMessage(newId()))).rejects.toMatchObject({ code: 'not_found' });
    });
  });

  describe('tool calls', () => {
    it('stores calls in order and changes what is named', async () => {
      const { repositories } = database();
      const { toolCalls } = repositories;
      const { session } = await seedSession(repositories);
      const turn = await seedTurn(repositories, session);
      const message = newMessage(session.id);
      await repositories.messages.insert(message);
      const first = newToolCall(turn, { messageId: message.id });
      const second = newToolCall(turn, { createdAt: NOW + 1, providerCallId: 'call_0' });
      await toolCalls.insertMany([]);
      await toolCalls.insertMany([second, first]);
      expect(await toolCalls.list(session.id)).toEqual([first, second]);
      const all = await toolCalls.page(session.id, { limit: 5, maxBytes: 10_000 });
      expect(all).toEqual({ calls: [first, second], more: false });
      const tight = { calls: [second], more: true };
      expect(await toolCalls.page(session.id, { limit: 1, maxBytes: 10_000 })).toEqual(tight);
      expect(await toolCalls.page(session.id, { limit: 5, maxBytes: 1 })).toEqual(tight);
      const older = await toolCalls.page(session.id, { limit: 5, maxBytes: 1, before: second.id });
      expect(older).toEqual({ calls: [first], more: false });
      await toolCalls.update(
        first.id,
        { status: 'completed', result: 'out\0', finishedAt: NOW + 2 },
        NOW + 2,
      );
      const done = await toolCalls.get(first.id);
      expect(done).toEqual({
        ...first,
        status: 'completed',
        result: 'out\ufffd',
        finishedAt: NOW + 2,
        updatedAt: NOW + 2,
      });
      expect(await toolCalls.listOpen(session.id)).toEqual([second]);
      expect(await toolCalls.listByTurn(turn.id)).toEqual([done, second]);
      await expect(toolCalls.update(newId(), { isError: true }, NOW)).rejects.toMatchObject({
        code: 'not_found',
      });
      await repositories.messages.delete(message.id);
      expect((await toolCalls.get(first.id))?.messageId).toBeNull();
    });
  });

  describe('permissions', () => {
    async function seedRequests() {
      const { repositories } = database();
      const { session } = await seedSession(repositories);
      const call = newToolCall(await seedTurn(repositories, session));
      await repositories.toolCalls.insertMany([call]);
      const old = newPermissionRequest(call, { expiresAt: NOW });
      const recent = newPermissionRequest(call, { createdAt: NOW + 1, expiresAt: NOW + 10 });
      await repositories.permissions.insert(old);
      await repositories.permissions.insert(recent);
      return { session, call, old, recent };
    }

    it('lets one of many answers settle a request', async () => {
      const { permissions } = database().repositories;
      const { session, call, old, recent } = await seedRequests();
      expect(await permissions.get(old.id)).toEqual(old);
      expect(await permissions.getByToolCall(call.id)).toEqual(recent);
      expect(await permissions.listPending(session.id)).toEqual([old, recent]);
      const answers = await Promise.all(
        ['a', 'b', 'c'].map((decidedBy) =>
          permissions.settle(old.id, { status: 'allowed', decidedBy, now: NOW + 1 }),
        ),
      );
      const [winner, ...others] = answers.filter((answer) => answer !== null);
      expect(others).toEqual([]);
      expect(winner).toMatchObject({ status: 'allowed', decidedAt: NOW + 1 });
      expect(await permissions.get(old.id)).toEqual(winner);
      expect(await permissions.listPending(session.id)).toEqual([recent]);
    });

    it('finds the pending requests whose time is over', async () => {
      const { permissions } = database().repositories;
      const { old, recent } = await seedRequests();
      const expired = async (now: number) => (await permissions.listExpired(now, 100)).map(({ id }) => id);
      expect(await expired(NOW - 1)).not.toContain(old.id);
      expect(await expired(NOW)).toContain(old.id);
      expect(await expired(NOW)).not.toContain(recent.id);
      await permissions.settle(old.id, { status: 'expired', decidedBy: null, now: NOW });
      expect(await expired(NOW)).not.toContain(old.id);
    });

    it('remembers a grant for exactly its session, tool, action, directory and scopes', async () => {
      const { permissions } = database().repositories;
      const { session } = await seedRequests();
      const key = { sessionId: session.id, toolName: 'bash', action: 'execute', path: '/workspace' };
      const grant = { ...key, grantedBy: 'u', createdAt: NOW };
      await permissions.grant(grant, []);
      expect(await permissions.hasGrant(key, [])).toBe(false);
      await Promise.all([permissions.grant(grant, ['a', 'b']), permissions.grant(grant, ['b', 'c'])]);
      for (const scopes of [['a'], ['c', 'b'], ['a', 'b', 'c', 'a']]) {
        expect(await permissions.hasGrant(key, scopes)).toBe(true);
      }
      for (const scopes of [[], [WHOLE_DIRECTORY], ['d'], ['a', 'd']]) {
        expect(await permissions.hasGrant(key, scopes)).toBe(false);
      }
      for (const other of [
        { path: '/workspace/a' },
        { action: 'x' },
        { toolName: 'edit' },
        { sessionId: newId() },
      ]) {
        expect(await permissions.hasGrant({ ...key, ...other }, ['a'])).toBe(false);
      }
    });
  });

  describe('file history', () => {
    it('numbers versions from zero and skips what has not changed', async () => {
      const { repositories } = database();
      const { fileVersions } = repositories;
      const { session } = await seedSession(repositories);
      const add = (content: string, path = '/workspace/a') =>
        fileVersions.add({ id: newId(), sessionId: session.id, path, content, createdAt: NOW });
      expect(await fileVersions.latest(session.id, '/workspace/a')).toBeNull();
      expect((await add('one')).version).toBe(0);
      expect((await add('one')).version).toBe(0);
      expect((await add('two\0')).version).toBe(1);
      expect((await add('two\0')).version).toBe(1);
      expect((await add('one')).version).toBe(2);
      expect((await add('one', '/workspace/b')).version).toBe(0);
      expect(await fileVersions.latest(session.id, '/workspace/a')).toMatchObject({
        version: 2,
        content: 'one',
      });
      const listed = await fileVersions.list(session.id, { limit: 10 });
      expect(listed.map(({ path, version }) => `${path}@${version}`)).toEqual([
        '/workspace/a@0',
        '/workspace/a@1',
        '/workspace/a@2',
        '/workspace/b@0',
      ]);
      expect(listed.map(({ size }) => size)).toEqual([3, Buffer.byteLength('two\ufffd'), 3, 3]);
      expect(listed[0]).not.toHaveProperty('content');
      const [, second] = listed;
      const page = await fileVersions.list(session.id, { limit: 2, before: second?.id });
      expect(page.map(({ id }) => id)).toEqual(listed.slice(2).map(({ id }) => id));
      const all = await fileVersions.listOf(session.id, '/workspace/a', { maxBytes: 12 });
      expect(all.versions.map(({ content }) => content)).toEqual(['one', 'two\ufffd', 'one']);
      expect(all.more).toBe(false);
      const none = await fileVersions.listOf(session.id, '/workspace/c', { maxBytes: 12 });
      expect(none).toEqual({ versions: [], more: false });
    });

    it('gives the versions of a file by bytes, two at least', async () => {
      const { repositories } = database();
      const { fileVersions } = repositories;
      const { session } = await seedSession(repositories);
      const stored = [];
      for (const letter of 'abcde') {
        const content = letter.repeat(100);
        stored.push(
          await fileVersions.add({ id: newId(), sessionId: session.id, path: '/f', content, createdAt: NOW }),
        );
      }
      const numbers = async (maxBytes: number, from?: string) => {
        const { versions, more } = await fileVersions.listOf(session.id, '/f', { maxBytes, from });
        return [versions.map(({ version }) => version).join(), more];
      };
      expect(await numbers(1)).toEqual(['0,1', true]);
      expect(await numbers(399)).toEqual(['0,1,2', true]);
      expect(await numbers(300, stored[2]?.id)).toEqual(['2,3,4', false]);
    });

    it('refuses a path that is too long', async () => {
      const { repositories } = database();
      const { fileVersions } = repositories;
      const { session } = await seedSession(repositories);
      const add = (content: string, path: string) =>
        fileVersions.add({ id: newId(), sessionId: session.id, path, content, createdAt: NOW });
      await expect(add('x', `/workspace/${'y'.repeat(4000)}`)).rejects.toMatchObject({
        code: 'invalid_input',
      });
    });

    it('keeps every version of concurrent writers under a number of its own', async () => {
      const { repositories } = database();
      const { session } = await seedSession(repositories);
      const contents = Array.from({ length: 20 }, (_, i) => `content ${i}`);
      const added = await Promise.all(
        contents.map((content) =>
          repositories.fileVersions.add({
            id: newId(),
            sessionId: session.id,
            path: '/f',
            content,
            createdAt: NOW,
          }),
        ),
      );
      expect(added.map(({ version }) => version).sort((a, b) => a - b)).toEqual(contents.map((_, i) => i));
      expect(await repositories.fileVersions.list(session.id, { limit: 50 })).toHaveLength(20);
    });

    it('remembers the latest read of a file', async () => {
      const { fileReads } = database().repositories;
      const { session } = await seedSession(database().repositories);
      expect(await fileReads.lastRead(session.id, '/f')).toBeNull();
      await fileReads.record(session.id, '/f', { digest: 'a'.repeat(64), readAt: NOW });
      await fileReads.record(session.id, '/f', { digest: 'b'.repeat(64), readAt: NOW });
      expect(await fileReads.lastRead(session.id, '/f')).toBe('b'.repeat(64));
      expect(await fileReads.lastRead(session.id, '/g')).toBeNull();
    });
  });
});
