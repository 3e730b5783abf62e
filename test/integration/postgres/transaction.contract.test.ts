import { describe, expect, it } from 'vitest';
import type { Repositories } from '#domain/context.ts';
import type { OutboxEvent } from '#domain/events/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { newId } from '#shared/ids.ts';
import { describeDatabases } from './contract.ts';
import { NOW, newMessage, newTurn, newUser, seedSession, seedTurn } from './records.ts';

function newEvent(changes: Partial<OutboxEvent> = {}): OutboxEvent {
  return { id: newId(), sessionId: newId(), body: '{"Type":"x"}', createdAt: NOW, ...changes };
}

describeDatabases('transactions and the outbox', (database) => {
  describe('transactions', () => {
    it('commits everything and hands over the events in order', async () => {
      const user = newUser();
      const events = [newEvent(), newEvent()];
      const done = await database().transaction(async ({ users, outbox }) => {
        for (const event of events) await outbox.add(event);
        await users.insert(user);
        return 'result';
      });
      expect(done).toEqual({ result: 'result', events });
      expect(await database().repositories.users.get(user.id)).not.toBeNull();
      await database().repositories.outbox.remove(events.map(({ id }) => id));
    });

    it('keeps nothing of a transaction that throws', async () => {
      const user = newUser();
      const run = database().transaction(async ({ users }) => {
        await users.insert(user);
        throw new Error('no');
      });
      await expect(run).rejects.toThrow('no');
      expect(await database().repositories.users.get(user.id)).toBeNull();
    });

    it('translates what fails inside', async () => {
      const user = newUser();
      await database().repositories.users.insert(user);
      const run = database().transaction(({ users }) =>
        users.insert({ ...newUser(), username: user.username }),
      );
      await expect(run).rejects.toMatchObject({ code: 'username_taken' });
    });

    it.each([
      ['of the file system', Object.assign(new Error('no such file'), { code: 'ENOENT' })],
      ['of a workspace', new WorkspaceError('not_found', 'No such file.')],
      ['of a name server', Object.assign(new Error('no such host'), { code: 'EAI_AGAIN' })],
      ['that looks like one of the database', Object.assign(new Error('mine'), { code: '23505' })],
    ])('lets an error %s that its code throws out unchanged', async (_, error) => {
      const run = database().transaction(async ({ users }) => {
        await users.count();
        throw error;
      });
      expect(await run.catch((caught: unknown) => caught)).toBe(error);
      const alone = database().exclusively(() => Promise.reject(error));
      expect(await alone.catch((caught: unknown) => caught)).toBe(error);
    });

    it('says that an id that is none names nothing, and that a number that is none is bad input', async () => {
      const { repositories } = database();
      const { session } = await seedSession(repositories);
      await expect(repositories.sessions.get('none')).rejects.toMatchObject({ code: 'not_found' });
      const add = (usage: Parameters<typeof repositories.sessions.addUsage>[1]) =>
        repositories.sessions.addUsage(session.id, usage, NOW);
      for (const wrong of [
        { promptTokens: 1.5 },
        { completionTokens: -1 },
        { addCost: -1 },
        { contextWindow: 2 ** 40 },
      ]) {
        await expect(add(wrong)).rejects.toMatchObject({ code: 'invalid_input' });
      }
    });

    it('carries statements out in the order of their calls, though nobody waits in between', async () => {
      const user = newUser();
      const { result } = await database().transaction(({ users, placements }) =>
        Promise.all([
          users.get(user.id),
          users.insert(user),
          users.get(user.id),
          placements.put(user.id, 'first'),
          placements.put(user.id, 'second'),
          users.setDisabled(user.id, NOW, NOW),
          users.getByEmail(user.email),
          placements.remove(user.id),
          placements.get(user.id),
        ]),
      );
      const [before, , after, first, second, , disabled, , removed] = result;
      expect(before).toBeNull();
      expect(after).toMatchObject({ id: user.id, disabledAt: null });
      expect([first, second, removed]).toEqual(['first', 'first', null]);
      expect(disabled).toMatchObject({ disabledAt: NOW });
    });

    it('is not taken for committed when a statement in it has failed', async () => {
      const user = newUser();
      const run = database().transaction(async ({ users }) => {
        await users.insert(user);
        await users.insert(user).catch(() => {});
      });
      await expect(run).rejects.toMatchObject({ sqlState: '25P02' });
      expect(await database().repositories.users.get(user.id)).toBeNull();
    });

    it('ends only when its last statement has ended', async () => {
      const { session } = await seedSession(database().repositories);
      await database().transaction(async ({ sessions }) => {
        for (let n = 0; n < 5; n += 1) void sessions.addUsage(session.id, { addMessages: 1 }, NOW);
      });
      expect((await database().repositories.sessions.get(session.id))?.messageCount).toBe(5);
    });

    it('enqueues within the transaction at hand', async () => {
      const { session } = await seedSession(database().repositories);
      const run = database().transaction(async ({ turns }) => {
        await turns.enqueue(newTurn(session));
        await turns.enqueue(newTurn(session));
        throw new Error('rolled back');
      });
      await expect(run).rejects.toThrow('rolled back');
      expect((await seedTurn(database().repositories, session)).number).toBe(1);
    });

    it('writes only while the lease is held', async () => {
      const { repositories } = database();
      const { session } = await seedSession(repositories);
      await seedTurn(repositories, session);
      const claimed = await repositories.turns.claim('owner', 15_000);
      if (!claimed) throw new Error('nothing to claim');
      const { lease } = claimed;
      const write = (given: typeof lease) =>
        database().transaction(
          ({ messages }) => messages.insert(newMessage(session.id, { index: given.token })),
          given,
        );
      await write(lease);
      for (const stale of [
        { ...lease, token: 0 },
        { ...lease, owner: 'other' },
        { ...lease, sessionId: newId() },
      ]) {
        await expect(write(stale)).rejects.toMatchObject({ code: 'lease_lost' });
      }
      await repositories.turns.release(lease);
      await expect(write(lease)).rejects.toMatchObject({ code: 'lease_lost' });
      expect(await repositories.messages.list(session.id)).toHaveLength(1);
    });

    it('refuses a call that comes after the end', async () => {
      const escaped: Repositories[] = [];
      await database().transaction(async (repositories) => {
        escaped.push(repositories);
      });
      await expect(escaped[0]?.users.count()).rejects.toThrow('has ended');
    });

    it('runs many transactions at once', async () => {
      const { session } = await seedSession(database().repositories);
      await Promise.all(
        Array.from({ length: 60 }, () =>
          database().transaction(({ sessions }) => sessions.addUsage(session.id, { addMessages: 1 }, NOW)),
        ),
      );
      expect((await database().repositories.sessions.get(session.id))?.messageCount).toBe(60);
    });

    it('answers a ping', async () => {
      await database().ping();
    });
  });

  describe('the outbox', () => {
    const take = (minAgeMs: number, limit = 100) =>
      database()
        .transaction(({ outbox }) => outbox.take(minAgeMs, limit))
        .then(({ result }) => result.map(({ id, body }) => ({ id, body })));
    const kept = ({ id, body }: OutboxEvent) => ({ id, body });

    it('gives old rows in the order in which they were added, until they are removed', async () => {
      const older = newEvent({ body: '\0' });
      const newer = newEvent();
      const last = newEvent();
      await database().transaction(async ({ outbox }) => {
        for (const event of [newer, older, last]) await outbox.add(event);
      });
      await database().repositories.outbox.add(newer);
      expect(await take(0, 2)).toEqual([kept(newer), { ...kept(older), body: '\ufffd' }]);
      expect(await take(0, 1)).toEqual([kept(newer)]);
      expect(await take(60_000)).toEqual([]);
      await database().repositories.outbox.remove([]);
      await database().repositories.outbox.remove([newer.id, older.id]);
      expect(await take(0)).toEqual([kept(last)]);
    });

    it('counts the age of a row by its own clock, whatever the process says', async () => {
      const ahead = newEvent({ createdAt: NOW + 3_600_000 });
      const behind = newEvent({ createdAt: 1 });
      await database().transaction(async ({ outbox }) => {
        for (const event of [ahead, behind]) await outbox.add(event);
      });
      const ids = new Set((await take(0)).map(({ id }) => id));
      expect(ids.has(ahead.id) && ids.has(behind.id)).toBe(true);
      expect(await take(60_000)).toEqual([]);
      await database().repositories.outbox.remove([ahead.id, behind.id]);
    });
  });
});
