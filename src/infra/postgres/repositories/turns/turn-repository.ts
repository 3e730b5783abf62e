import { and, asc, count, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { DomainError } from '#domain/errors.ts';
import {
  TERMINAL_TURN_STATUSES,
  type Turn,
  type TurnRepository,
  type TurnStatus,
} from '#domain/turn/index.ts';
import type { Executor, RepositoryDeps } from '../../engine/executor.ts';
import { isQueuedTurn, isUnfinishedTurn, turns } from '../../schema/index.ts';
import { createTurnLeases } from './turn-leases.ts';
import { toTurn } from './turn-row.ts';

export function createTurnRepository({ executor }: RepositoryDeps): TurnRepository {
  const one = async (where: SQL | undefined) => {
    const [row] = await executor.select().from(turns).where(where).execute();
    return row ? toTurn(row) : null;
  };

  return {
    ...createTurnLeases(executor),
    enqueue: (turn) => enqueue(executor, turn),
    get: (id) => one(eq(turns.id, id)),
    async listUnfinished(sessionId) {
      const rows = await executor
        .select()
        .from(turns)
        .where(and(eq(turns.sessionId, sessionId), isUnfinishedTurn(turns)))
        .orderBy(asc(turns.number))
        .execute();
      return rows.map(toTurn);
    },
    current: (sessionId) => one(sql`${turns.id} = ${currentTurnId(sessionId)}`),
    async countQueued({ sessionId, userId }) {
      const those = (condition: SQL) => sql<number>`count(*) filter (where ${condition})`.mapWith(Number);
      const [row] = await executor
        .select({
          all: count(),
          ofUser: those(eq(turns.userId, userId)),
          ofSession: those(eq(turns.sessionId, sessionId)),
        })
        .from(turns)
        .where(isQueuedTurn(turns))
        .execute();
      return row ?? { all: 0, ofUser: 0, ofSession: 0 };
    },
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
        .returning()
        .execute();
      return row ? toTurn(row) : null;
    },
    async requestCancel(id) {
      await executor
        .update(turns)
        .set({ cancelRequested: true })
        .where(and(eq(turns.id, id), isUnfinishedTurn(turns)))
        .execute();
    },
  };
}

/** The insert's snapshot is taken after the session's lock, so it sees what the holder before committed. */
async function enqueue(
  executor: Executor,
  turn: Omit<Turn, 'number'>,
): Promise<{ turn: Turn; created: boolean }> {
  const number = sql`(select coalesce(max(t.number), 0) + 1 from ${turns} t where t.session_id = ${turn.sessionId})`;
  const [created] = await executor
    .insert(turns)
    .values({ ...turn, number })
    .onConflictDoNothing({ target: [turns.sessionId, turns.idempotencyKey] })
    .returning()
    .execute();
  if (created) return { turn: toTurn(created), created: true };
  const [existing] = await executor
    .select()
    .from(turns)
    .where(and(eq(turns.sessionId, turn.sessionId), eq(turns.idempotencyKey, turn.idempotencyKey ?? '')))
    .execute();
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
