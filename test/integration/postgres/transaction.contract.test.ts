import { describe, expect, it } from 'vitest';
import type { Repositories } from '#domain/context.ts';
import type { OutboxEvent } from '#domain/events/index.ts';
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
          database().transaction(({ sessions }) => sessions.addMessages(session.id, 1, NOW)),
        ),
      );
      expect((await database().repositories.sessions.get(session.id))?.messageCount).toBe(60);
    });

    it('answers a ping', async () => {
      await database().ping();
    });
  });

  describe('the outbox', () => {
    const take = (olderThan: number, limit = 100) =>
      database()
        .transaction(({ outbox }) => outbox.take(olderThan, limit))
        .then(({ result }) => result);

    it('gives old rows in the order in which they were added, until they are removed', async () => {
      const older = newEvent({ body: '\0' });
      const newer = newEvent();
      const fresh = newEvent({ createdAt: NOW + 10 });
      await database().transaction(async ({ outbox }) => {
        for (const event of [newer, older, fresh]) await outbox.add(event);
      });
      await database().repositories.outbox.add(newer);
      expect(await take(NOW + 1)).toEqual([newer, { ...older, body: '\ufffd' }]);
      expect(await take(NOW + 1, 1)).toEqual([newer]);
      await database().repositories.outbox.remove([]);
      await database().repositories.outbox.remove([newer.id, older.id]);
      expect(await take(NOW + 100)).toEqual([fresh]);
    });
  });
});
