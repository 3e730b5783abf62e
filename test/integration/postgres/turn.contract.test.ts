import { describe, expect, it } from 'vitest';
import { isDomainError } from '#domain/errors.ts';
import type { Lease } from '#domain/turn/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { newId } from '#shared/ids.ts';
import { until } from '../../harness/until.ts';
import { describeDatabases } from './contract.ts';
import { NOW, newSession, newToolCall, newTurn, seedSession, seedTurn } from './records.ts';

const LEASE_MS = 15_000;
const SHORT_LEASE_MS = 1;
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

describeDatabases('turns and steps', (database) => {
  describe('turns', () => {
    const turns = () => database().repositories.turns;
    const seed = () => seedSession(database().repositories);

    /** Claims until nothing is queued, so that each test begins with an empty queue. */
    async function drain(): Promise<void> {
      for (;;) {
        const claimed = await turns().claim('drain', LEASE_MS);
        if (!claimed) return;
        await finish(claimed.lease, claimed.turn.id);
      }
    }

    async function finish(lease: Lease, turnId: string): Promise<void> {
      await turns().transition(turnId, ['running'], 'succeeded', { now: NOW });
      await turns().release(lease);
    }

    async function enqueue(turn: ReturnType<typeof newTurn>) {
      const { result } = await database().transaction(async ({ sessions, turns: inside }) => {
        await sessions.lock(turn.sessionId);
        return inside.enqueue(turn);
      });
      return result;
    }

    async function mustClaim(owner: string, leaseMs = LEASE_MS) {
      const claimed = await turns().claim(owner, leaseMs);
      if (!claimed) throw new Error('nothing to claim');
      return claimed;
    }

    it('numbers the turns of a session from one without a gap under concurrent prompts', async () => {
      const { session } = await seed();
      await Promise.all(times(20, () => enqueue(newTurn(session))));
      const numbers = (await turns().listUnfinished(session.id)).map((turn) => turn.number);
      expect(numbers).toEqual(times(20, (i) => i + 1));
      const { ofSession, ofUser, all } = await turns().countQueued({
        sessionId: session.id,
        userId: session.userId,
      });
      expect([ofSession, ofUser]).toEqual([20, 20]);
      expect(all).toBeGreaterThanOrEqual(20);
      await drain();
    });

    it('makes one turn of a hundred concurrent copies of a prompt', async () => {
      const { session } = await seed();
      const copies = times(100, () => enqueue(newTurn(session, { idempotencyKey: 'same' })));
      const results = await Promise.all(copies);
      expect(results.filter((result) => result.created)).toHaveLength(1);
      expect(new Set(results.map((result) => result.turn.id)).size).toBe(1);
      const next = await enqueue(newTurn(session, { idempotencyKey: 'other' }));
      expect(next.turn.number).toBe(2);
      await drain();
    });

    it('refuses a prompt for a session that does not exist', async () => {
      const { session } = await seed();
      const orphan = newTurn({ ...session, id: newId() });
      await expect(enqueue(orphan)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('stores a turn as it was given and finds it again', async () => {
      const { session } = await seed();
      const given = newTurn(session, { idempotencyKey: 'k', error: 'e', errorCode: 'c' });
      const { turn } = await enqueue(given);
      expect(turn).toEqual({ ...given, number: 1 });
      expect(await turns().get(turn.id)).toEqual(turn);
      expect(await turns().get(newId())).toBeNull();
      await drain();
    });

    it('lets exactly one of twenty claimers have the only turn', async () => {
      const { session } = await seed();
      await seedTurn(database().repositories, session);
      await seedTurn(database().repositories, session);
      const claims = await Promise.all(times(20, (i) => turns().claim(`owner-${i}`, LEASE_MS)));
      const won = claims.filter((claim) => claim !== null);
      expect(won).toHaveLength(1);
      expect(won[0]?.turn).toMatchObject({ number: 1, status: 'running', sessionId: session.id });
      expect(won[0]?.turn.startedAt).toBeGreaterThan(0);
      expect(won[0]?.more).toBe(true);
      if (won[0]) await finish(won[0].lease, won[0].turn.id);
      await drain();
    });

    it('gives the turns of many sessions to concurrent claimers, each session to one', async () => {
      const seeds = await Promise.all(times(10, seed));
      for (const { session } of seeds) {
        await seedTurn(database().repositories, session);
        await seedTurn(database().repositories, session);
      }
      const claims = await Promise.all(times(20, (i) => turns().claim(`owner-${i}`, LEASE_MS)));
      const won = claims.filter((claim) => claim !== null);
      expect(new Set(won.map(({ turn }) => turn.sessionId)).size).toBe(10);
      expect(won).toHaveLength(10);
      expect(won.every(({ turn }) => turn.number === 1)).toBe(true);
      await Promise.all(won.map(({ lease, turn }) => finish(lease, turn.id)));
      await drain();
    });

    /** As many sessions of one user as asked for, each with that many prompts. */
    async function seedUser(sessionCount: number, prompts = 1) {
      const { user, project } = await seed();
      const sessions = times(sessionCount, () => newSession(project));
      for (const session of sessions) {
        await database().repositories.sessions.insert(session);
        for (let i = 0; i < prompts; i += 1) await seedTurn(database().repositories, session);
      }
      return user.id;
    }

    async function claimAll(maxRunningPerUser?: number) {
      const claims: Array<NonNullable<Awaited<ReturnType<ReturnType<typeof turns>['claim']>>>> = [];
      for (;;) {
        const claimed = await turns().claim('fair', LEASE_MS, maxRunningPerUser);
        if (!claimed) return claims;
        claims.push(claimed);
      }
    }

    it('lets users take turns, however much one of them has asked for before the others', async () => {
      const greedy = await seedUser(6);
      const second = await seedUser(2);
      const third = await seedUser(1, 2);
      const claims = await claimAll();
      const order = claims.map(({ turn }) => turn.userId);
      expect(order).toEqual([greedy, second, third, greedy, second, greedy, greedy, greedy, greedy]);
      for (const { lease, turn } of claims) await finish(lease, turn.id);
      await drain();
    });

    it('gives five hundred sessions of twenty users to eight hundred claimers, each session once', async () => {
      for (const _ of times(20, Number)) await seedUser(25);
      const claims = await Promise.all(times(800, (i) => turns().claim(`owner-${i}`, LEASE_MS)));
      const won = claims.filter((claim) => claim !== null);
      expect(new Set(won.map(({ turn }) => turn.sessionId)).size).toBe(won.length);
      won.push(...(await claimAll()));
      expect(won).toHaveLength(500);
      await Promise.all(won.map(({ lease, turn }) => finish(lease, turn.id)));
    });

    it('serves who has waited for longest when nobody has anything running', async () => {
      const greedy = await seedUser(4);
      const modest = await seedUser(2);
      const order: string[] = [];
      for (let i = 0; i < 6; i += 1) {
        const { lease, turn } = await mustClaim('single');
        order.push(turn.userId);
        await sleep(2);
        await finish(lease, turn.id);
      }
      expect(order).toEqual([greedy, modest, greedy, modest, greedy, greedy]);
    });

    it('runs no more of a user than the limit says, and goes on when one has ended', async () => {
      const greedy = await seedUser(5);
      const modest = await seedUser(1);
      const claims = await claimAll(2);
      expect(claims.map(({ turn }) => turn.userId)).toEqual([greedy, modest, greedy]);
      expect(claims.at(-1)?.more).toBe(true);
      const [first] = claims;
      if (first) await finish(first.lease, first.turn.id);
      const next = await turns().claim('fair', LEASE_MS, 2);
      expect(next?.turn.userId).toBe(greedy);
      expect(await turns().claim('fair', LEASE_MS, 2)).toBeNull();
      for (const { lease, turn } of [...claims, ...(next ? [next] : [])]) await finish(lease, turn.id);
      await drain();
    });

    it('runs the turns of a session in order and never two at once, whatever the claimers do', async () => {
      const seeds = await Promise.all(times(3, seed));
      for (const { session } of seeds) {
        for (let i = 0; i < 5; i += 1) await seedTurn(database().repositories, session);
      }
      const finished = new Map<string, number[]>();
      const running = new Set<string>();
      await Promise.all(
        times(8, async (worker) => {
          for (let idle = 0; idle < 10; ) {
            const claimed = await turns().claim(`worker-${worker}`, LEASE_MS);
            if (!claimed) {
              idle += 1;
              await sleep(2);
              continue;
            }
            const { sessionId, number, id } = claimed.turn;
            expect(running.has(sessionId)).toBe(false);
            running.add(sessionId);
            finished.set(sessionId, [...(finished.get(sessionId) ?? []), number]);
            await sleep(1);
            running.delete(sessionId);
            await finish(claimed.lease, id);
          }
        }),
      );
      for (const { session } of seeds) expect(finished.get(session.id)).toEqual([1, 2, 3, 4, 5]);
    });

    it('does not claim a turn behind one that waits', async () => {
      const { session } = await seed();
      const first = await seedTurn(database().repositories, session);
      const second = await seedTurn(database().repositories, session);
      const { lease } = await mustClaim('a');
      await turns().transition(first.id, ['running'], 'waiting', { now: NOW });
      await turns().release(lease);
      expect(await turns().claim('b', LEASE_MS)).toBeNull();
      expect((await turns().current(session.id))?.id).toBe(first.id);
      await turns().transition(first.id, ['waiting'], 'cancelled', { now: NOW });
      expect((await turns().current(session.id))?.id).toBe(second.id);
      expect((await mustClaim('b')).turn.id).toBe(second.id);
      await turns().transition(second.id, ['running'], 'failed', { now: NOW, error: 'e', errorCode: 'x' });
      expect(await turns().current(session.id)).toMatchObject({ id: second.id, error: 'e', finishedAt: NOW });
    });

    it('raises the token with each claim and tells a clean hand-off from a lost owner', async () => {
      const { session } = await seed();
      for (let i = 0; i < 3; i += 1) await seedTurn(database().repositories, session);
      const first = await mustClaim('a');
      expect(first).toMatchObject({ takenOver: false, lease: { owner: 'a', token: 1 } });
      await finish(first.lease, first.turn.id);
      const second = await mustClaim('b', SHORT_LEASE_MS);
      expect(second).toMatchObject({ takenOver: false, lease: { token: 2 } });
      await sleep(20);
      await turns().transition(second.turn.id, ['running'], 'failed', { now: NOW });
      const third = await mustClaim('c');
      expect(third.takenOver).toBe(true);
      expect(third.lease.token).toBeGreaterThan(2);
      await finish(third.lease, third.turn.id);
    });

    it('puts the turn of a lost owner back into the queue, once, and shuts that owner out', async () => {
      const { session } = await seed();
      await seedTurn(database().repositories, session);
      const lost = await mustClaim('lost', SHORT_LEASE_MS);
      await sleep(20);
      const sweeps = await Promise.all(times(5, () => turns().requeueExpired(10, 60_000)));
      const requeued = sweeps.flat().filter((turn) => turn.sessionId === session.id);
      expect(requeued).toHaveLength(1);
      expect(requeued[0]).toMatchObject({ id: lost.turn.id, status: 'queued', attempt: 1 });
      expect(await turns().renew('lost', LEASE_MS)).toEqual([]);
      await expect(database().transaction(async () => {}, lost.lease)).rejects.toMatchObject({
        code: 'lease_lost',
      });
      const again = await mustClaim('heir');
      expect(again).toMatchObject({ takenOver: true, turn: { id: lost.turn.id, attempt: 1 } });
      await turns().release(lost.lease);
      await database().transaction(async () => {}, again.lease);
      await finish(again.lease, again.turn.id);
    });

    it('lets a turn rest that was lost while its calls were prepared, and gives it one more attempt', async () => {
      const { session } = await seed();
      await seedTurn(database().repositories, session);
      const lose = async (owner: string, quarantineMs: number) => {
        const lost = await mustClaim(owner, SHORT_LEASE_MS);
        const { id } = lost.turn;
        const call = newToolCall({ id, sessionId: session.id }, { status: 'pending' });
        await database().repositories.toolCalls.insertMany([call]);
        const swept = async () =>
          (await turns().requeueExpired(10, quarantineMs)).find((turn) => turn.id === id);
        return until(swept, 'the end of the lease');
      };
      const first = await lose('first', 60_000);
      expect(first).toMatchObject({ status: 'queued', attempt: 2 });
      expect(await turns().claim('eager', LEASE_MS)).toBeNull();
      await turns().voidLeases();
      const second = await lose('second', 1);
      expect(second).toMatchObject({ attempt: 4 });
      await until(async () => (await turns().claim('last', LEASE_MS)) !== null, 'the end of the rest');
      await turns().transition(second.id, ['running'], 'failed', { now: NOW });
    });

    it('leaves the turns of living owners alone', async () => {
      const { session } = await seed();
      await seedTurn(database().repositories, session);
      const { lease, turn } = await mustClaim('alive');
      expect(await turns().requeueExpired(10, 60_000)).toEqual([]);
      await finish(lease, turn.id);
    });

    it('renews all leases of an owner and reports who was asked to stop', async () => {
      const owner = newId();
      const seeds = await Promise.all(times(3, seed));
      for (const { session } of seeds) await seedTurn(database().repositories, session);
      const claims = [await mustClaim(owner), await mustClaim(owner), await mustClaim(newId())];
      const [first, second] = claims;
      if (!first || !second) throw new Error('no claims');
      await turns().requestCancel(second.turn.id);
      const renewed = await turns().renew(owner, LEASE_MS);
      expect(renewed).toHaveLength(2);
      expect(renewed).toContainEqual({ sessionId: first.turn.sessionId, token: 1, cancelRequested: false });
      expect(renewed).toContainEqual({ sessionId: second.turn.sessionId, token: 1, cancelRequested: true });
      for (const { lease, turn } of claims) await finish(lease, turn.id);
      expect(await turns().renew(owner, LEASE_MS)).toEqual([]);
    });

    it('does not renew a lease that has expired', async () => {
      const { session } = await seed();
      await seedTurn(database().repositories, session);
      const { turn } = await mustClaim('slow', SHORT_LEASE_MS);
      await sleep(20);
      expect(await turns().renew('slow', LEASE_MS)).toEqual([]);
      await turns().transition(turn.id, ['running'], 'cancelled', { now: NOW });
    });

    it('changes a status only from the expected ones, for one of many writers', async () => {
      const { session } = await seed();
      const turn = await seedTurn(database().repositories, session);
      expect(await turns().transition(turn.id, ['running'], 'succeeded', { now: NOW })).toBeNull();
      const results = await Promise.all(
        times(10, () => turns().transition(turn.id, ['queued', 'waiting'], 'cancelled', { now: NOW })),
      );
      expect(results.filter((result) => result !== null)).toHaveLength(1);
      expect(await turns().get(turn.id)).toMatchObject({ status: 'cancelled', finishedAt: NOW });
    });

    it('ignores a request to cancel what is over', async () => {
      const { session } = await seed();
      const turn = await seedTurn(database().repositories, session);
      await turns().transition(turn.id, ['queued'], 'cancelled', { now: NOW });
      await turns().requestCancel(turn.id);
      expect((await turns().get(turn.id))?.cancelRequested).toBe(false);
    });

    it('voids every lease, so that the turns of a dead process are found at once', async () => {
      const { session } = await seed();
      await seedTurn(database().repositories, session);
      const { lease, turn } = await mustClaim('dead');
      await turns().voidLeases();
      await expect(database().transaction(async () => {}, lease)).rejects.toSatisfy((error) =>
        isDomainError(error, 'lease_lost'),
      );
      expect((await turns().requeueExpired(10, 60_000)).map(({ id }) => id)).toContain(turn.id);
      const again = await mustClaim('heir');
      expect(again.takenOver).toBe(true);
      await finish(again.lease, again.turn.id);
    });
  });

  describe('steps', () => {
    it('journals a step and ends it once', async () => {
      const { repositories } = database();
      const { session } = await seedSession(repositories);
      const turn = await seedTurn(repositories, session);
      const step = {
        turnId: turn.id,
        index: 0,
        kind: 'tool',
        tool: 'bash',
        subjectId: newId(),
        state: 'started',
        effect: 'unsafe',
        input: 'ls \0',
        output: null,
        token: 3,
        startedAt: NOW,
        finishedAt: null,
      } as const;
      await repositories.steps.insert(step);
      await expect(repositories.steps.insert(step)).rejects.toMatchObject({ code: 'conflict' });
      const end = (state: 'done' | 'unknown') =>
        repositories.steps.finish(turn.id, step.subjectId, { state, output: state, now: NOW + 1 });
      await end('done');
      await end('unknown');
      expect(await repositories.steps.list(turn.id)).toEqual([
        { ...step, input: 'ls \ufffd', state: 'done', output: 'done', finishedAt: NOW + 1 },
      ]);
    });
  });
});
