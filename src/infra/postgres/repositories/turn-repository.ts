import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { DomainError, notFound } from '#domain/errors.ts';
import {
  TERMINAL_TURN_STATUSES,
  type Turn,
  type TurnRepository,
  type TurnStatus,
} from '#domain/turn/index.ts';
import type { Executor, RepositoryDeps } from '../executor.ts';
import { isQueuedTurn, isUnfinishedTurn, sessions, turns } from '../schema/index.ts';
import { createTurnLeases } from './turn-leases.ts';
import { toTurn } from './turn-row.ts';

export function createTurnRepository({ executor, atomically }: RepositoryDeps): TurnRepository {
  const one = async (where: SQL | undefined) => {
    const [row] = await executor.select().from(turns).where(where);
    return row ? toTurn(row) : null;
  };

  return {
    ...createTurnLeases(executor),
    enqueue: (turn) => atomically((transaction) => enqueue(transaction, turn)),
    get: (id) => one(eq(turns.id, id)),
    async listUnfinished(sessionId) {
      const rows = await executor
        .select()
        .from(turns)
        .where(and(eq(turns.sessionId, sessionId), isUnfinishedTurn(turns)))
        .orderBy(asc(turns.number));
      return rows.map(toTurn);
    },
    current: (sessionId) => one(sql`${turns.id} = ${currentTurnId(sessionId)}`),
    countQueued: (sessionId) =>
      executor.$count(turns, and(eq(turns.sessionId, sessionId), isQueuedTurn(turns))),
    countAllQueued: () => executor.$count(turns, isQueuedTurn(turns)),
    async transition(id, from, to, change) {
      const [row] = await executor
        .update(turns)
        .set({
          status: to,
          error: change.error,
          errorCode: change.errorCode,
          ...(to === 'running' && { startedAt: sql`coalesce(${turns.startedAt}, ${change.now})` }),
          ...(isTerminal(to) && { finishedAt: change.now }),
        })
        .where(and(eq(turns.id, id), inArray(turns.status, [...from])))
        .returning();
      return row ? toTurn(row) : null;
    },
    async requestCancel(id) {
      await executor
        .update(turns)
        .set({ cancelRequested: true })
        .where(and(eq(turns.id, id), isUnfinishedTurn(turns)));
    },
  };
}

/**
 * The session's row is the lock that serializes its numbering: the insert's snapshot is taken after the lock,
 * so it sees what the holder before committed.
 */
async function enqueue(
  transaction: Executor,
  turn: Omit<Turn, 'number'>,
): Promise<{ turn: Turn; created: boolean }> {
  const locked = await transaction
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.id, turn.sessionId))
    .for('no key update');
  if (locked.length === 0) throw notFound('Session');
  const number = sql`(select coalesce(max(t.number), 0) + 1 from ${turns} t where t.session_id = ${turn.sessionId})`;
  const [created] = await transaction
    .insert(turns)
    .values({ ...turn, number })
    .onConflictDoNothing({ target: [turns.sessionId, turns.idempotencyKey] })
    .returning();
  if (created) return { turn: toTurn(created), created: true };
  const [existing] = await transaction
    .select()
    .from(turns)
    .where(and(eq(turns.sessionId, turn.sessionId), eq(turns.idempotencyKey, turn.idempotencyKey ?? '')));
  if (!existing) throw new DomainError('conflict', 'The prompt was withdrawn at the same moment');
  return { turn: toTurn(existing), created: false };
}

/** Runs or waits, else first queued, else newest: an earlier unfinished turn is never behind a queued one. */
function currentTurnId(sessionId: string): SQL {
  const ofSession = sql`from ${turns} t where t.session_id = ${sessionId}`;
  return sql`coalesce(
    (select t.id ${ofSession} and t.status in ('queued', 'running', 'waiting')
      order by t.status = 'queued', t.number limit 1),
    (select t.id ${ofSession} order by t.number desc limit 1))`;
}

function isTerminal(status: TurnStatus): boolean {
  return TERMINAL_TURN_STATUSES.some((terminal) => terminal === status);
}
