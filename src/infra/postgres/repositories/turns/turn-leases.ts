import { and, eq, getTableColumns, gt, isNotNull, sql } from 'drizzle-orm';
import { DomainError } from '#domain/errors.ts';
import type { Lease, TurnRepository } from '#domain/turn/index.ts';
import { DATABASE_NOW_MS, type Executor } from '../../engine/executor.ts';
import { createStatements } from '../../engine/statements.ts';
import { sessionLeases, toolCalls, turns } from '../../schema/index.ts';
import { toTurn } from './turn-row.ts';

type TurnLeases = Pick<
  TurnRepository,
  'claim' | 'renew' | 'release' | 'assertLease' | 'requeueExpired' | 'voidLeases'
>;

/** The largest integer of the database. */
const UNLIMITED = 2_147_483_647;
const NOBODY = { owner: null, expiresAt: 0 };

/**
 * Who may run a session's turn, by the database's clock. An expired lease cannot be renewed, only taken:
 * its owner has stopped by itself before (it counts from when it sent its last renewal).
 */
export function createTurnLeases(executor: Executor): TurnLeases {
  const statements = createStatements();
  return {
    claim: (owner, leaseMs, maxRunningPerUser = UNLIMITED) =>
      claim(executor, { owner, leaseMs, maxRunningPerUser }),
    async renew(owner, leaseMs) {
      const renewed = executor.$with('renewed').as(
        executor
          .update(sessionLeases)
          .set({ expiresAt: sql`${DATABASE_NOW_MS} + ${leaseMs}` })
          .where(and(eq(sessionLeases.owner, owner), gt(sessionLeases.expiresAt, DATABASE_NOW_MS)))
          .returning({ sessionId: sessionLeases.sessionId, token: sessionLeases.token }),
      );
      return executor
        .with(renewed)
        .select({
          sessionId: renewed.sessionId,
          token: renewed.token,
          cancelRequested: sql<boolean>`coalesce(${turns.cancelRequested}, false)`,
        })
        .from(renewed)
        .leftJoin(turns, and(eq(turns.sessionId, renewed.sessionId), sql`${turns.status} = 'running'`))
        .execute();
    },
    async release(lease) {
      await statements.run('release', { ...lease }, () =>
        executor
          .update(sessionLeases)
          .set({ ...NOBODY, released: true })
          .where(isHeld()),
      );
    },
    async assertLease(lease) {
      const held = await statements.run('held', { ...lease }, () =>
        executor.select({ token: sessionLeases.token }).from(sessionLeases).where(isHeld()).for('share'),
      );
      if (held.length === 0) throw new DomainError('lease_lost', 'Another process runs this session now');
    },
    requeueExpired: (limit, quarantineMs) => requeueExpired(executor, { limit, quarantineMs }),
    async voidLeases() {
      await executor.update(sessionLeases).set(NOBODY).where(isNotNull(sessionLeases.owner)).execute();
    },
  };
}

/** As by the parameters, which are a lease. */
function isHeld() {
  const { placeholder } = sql;
  return and(
    eq(sessionLeases.sessionId, placeholder('sessionId' satisfies keyof Lease)),
    eq(sessionLeases.owner, placeholder('owner' satisfies keyof Lease)),
    eq(sessionLeases.token, placeholder('token' satisfies keyof Lease)),
  );
}

/**
 * Two claimers never get turns of one session: the row lock on the turn is skipped by the second, a turn that
 * was taken meanwhile fails the repeated check of its status, and the lease is only taken when it is not live.
 * The users are tried in their order, each with one look into the queue's index, until one has something to claim.
 */
async function claim(
  executor: Executor,
  { owner, leaseMs, maxRunningPerUser }: { owner: string; leaseMs: number; maxRunningPerUser: number },
): ReturnType<TurnRepository['claim']> {
  const candidate = executor
    .$with('candidate', {
      id: sql<string>`id`.as('id'),
      sessionId: sql<string>`session_id`.as('session_id'),
    })
    .as(sql`
      select c.id, c.session_id
      from (
        select u.user_id
        from (
          select user_id, sum(running) as running, min(created_at) as oldest
          from (
            select user_id, created_at, 0 as running from ${turns} where status = 'queued'
            union all
            select user_id, null, 1 from ${turns} where status = 'running') unfinished
          group by user_id
          having min(created_at) is not null and sum(running) < ${maxRunningPerUser}::bigint) u
        order by u.running, (
          select s.started_at from ${turns} s where s.user_id = u.user_id and s.started_at is not null
          order by s.started_at desc limit 1) nulls first, u.oldest, u.user_id) u
      cross join lateral (
        select t.id, t.session_id
        from ${turns} t left join ${sessionLeases} l on l.session_id = t.session_id
        where t.user_id = u.user_id and t.status = 'queued'
          and (l.session_id is null or l.expires_at <= ${DATABASE_NOW_MS})
          and not exists (
            select 1 from ${turns} e
            where e.session_id = t.session_id and e.number < t.number
              and e.status in ('queued', 'running', 'waiting'))
        order by t.created_at, t.id
        limit 1
        for update of t skip locked) c
      limit 1`);
  const taken = executor
    .$with('taken', {
      leaseSessionId: sql<string>`lease_session_id`.as('lease_session_id'),
      token: sql<number>`token`.mapWith(Number).as('token'),
      takenOver: sql<boolean>`taken_over`.as('taken_over'),
    })
    .as(sql`
      insert into ${sessionLeases} as l (session_id, owner, token, expires_at, released, taken_over)
      select session_id, ${owner}::text, 1, ${DATABASE_NOW_MS} + ${leaseMs}::bigint, false, false from candidate
      on conflict (session_id) do update
      set owner = excluded.owner, token = l.token + 1, expires_at = excluded.expires_at,
        released = false, taken_over = not l.released
      where l.expires_at <= ${DATABASE_NOW_MS}
      returning l.session_id as lease_session_id, l.token, l.taken_over`);
  const [row] = await executor
    .with(candidate, taken)
    .update(turns)
    .set({ status: 'running', startedAt: sql`coalesce(${turns.startedAt}, ${DATABASE_NOW_MS})` })
    .from(taken)
    .where(sql`${turns.id} in (select id from candidate) and ${turns.sessionId} = ${taken.leaseSessionId}`)
    .returning({
      ...getTableColumns(turns),
      token: taken.token,
      takenOver: taken.takenOver,
      more: sql<boolean>`exists (select 1 from ${turns} t where t.status = 'queued'
        and t.id not in (select id from candidate))`,
    })
    .execute();
  if (!row) return null;
  const lease = { sessionId: row.sessionId, owner, token: row.token };
  return { turn: toTurn(row), lease, takenOver: row.takenOver, more: row.more };
}

/** Stands in for an owner until the quarantine is over, so that nobody claims the turn. */
const QUARANTINE = 'quarantine';

/**
 * The lease loses its owner at once, so that whoever held it can write nothing more. A turn that was lost while its
 * calls were being prepared, which takes moments, may be what has ended its process.
 */
async function requeueExpired(
  executor: Executor,
  { limit, quarantineMs }: { limit: number; quarantineMs: number },
): ReturnType<TurnRepository['requeueExpired']> {
  const expired = executor
    .$with('expired', {
      turnId: sql<string>`turn_id`.as('turn_id'),
      expiredSessionId: sql<string>`session_id`.as('session_id'),
      isSuspect: sql<boolean>`is_suspect`.as('is_suspect'),
    })
    .as(sql`
      select t.id as turn_id, l.session_id,
        exists (select 1 from ${toolCalls} c where c.turn_id = t.id and c.status in ('pending', 'awaiting_permission'))
          and not exists (select 1 from ${toolCalls} c where c.turn_id = t.id and c.status = 'running')
          as is_suspect
      from ${turns} t join ${sessionLeases} l on l.session_id = t.session_id
      where t.status = 'running' and l.expires_at <= ${DATABASE_NOW_MS}
      order by l.expires_at
      limit ${limit}
      for update of t, l skip locked`);
  const voided = executor.$with('voided', {}).as(sql`
      update ${sessionLeases} as l set token = l.token + 1,
        owner = case when is_suspect then ${QUARANTINE} end,
        expires_at = case when is_suspect then ${DATABASE_NOW_MS} + ${quarantineMs}::bigint else 0 end
      from expired where l.session_id = expired.session_id`);
  const rows = await executor
    .with(expired, voided)
    .update(turns)
    .set({
      status: 'queued',
      attempt: sql`${turns.attempt} + case when ${expired.isSuspect} then 2 else 1 end`,
    })
    .from(expired)
    .where(eq(turns.id, expired.turnId))
    .returning(getTableColumns(turns))
    .execute();
  return rows.map(toTurn);
}
