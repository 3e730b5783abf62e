import type { Lease, Step, Turn, TurnStatus } from './turn.ts';

export interface QueuedCounts {
  ofSession: number;
  ofUser: number;
  all: number;
}

export interface TurnRepository {
  /**
   * Inserts as `queued` with the session's next number. Serialized per session by `sessions.lock`: only inside a
   * transaction that has called it before.
   * A turn with the same (session, idempotency key) is returned instead, `created: false`.
   */
  enqueue(turn: Omit<Turn, 'number'>): Promise<{ turn: Turn; created: boolean }>;
  get(id: string): Promise<Turn | null>;
  /** Not terminal, in order. */
  listUnfinished(sessionId: string): Promise<Turn[]>;
  /** The unfinished turn that runs or waits, else the first queued, else the newest finished. */
  current(sessionId: string): Promise<Turn | null>;
  /** How many are queued: in the session, of the user and over all. */
  countQueued(of: { sessionId: string; userId: string }): Promise<QueuedCounts>;
  /**
   * In one statement: a queued turn whose session has no live lease and no earlier unfinished turn, its lease taken
   * for `leaseMs` of database time with `token + 1`. Null when there is none. Users take turns: first who has the
   * fewest running, then who has not been served for the longest time; of one user the oldest. Who has
   * `maxRunningPerUser` running gets nothing; processes that claim at the same moment may exceed that by one each.
   * `more`: other turns are queued, claimable or not.
   */
  claim(
    owner: string,
    leaseMs: number,
    maxRunningPerUser?: number,
  ): Promise<{ turn: Turn; lease: Lease; takenOver: boolean; more: boolean } | null>;
  /** Renews all of the owner's leases; returns those still held, with their turn's cancel flag. */
  renew(
    owner: string,
    leaseMs: number,
  ): Promise<Array<{ sessionId: string; token: number; cancelRequested: boolean }>>;
  /** Clean hand-off: the next claim sees no live lease. A lease that is no longer ours is left alone. */
  release(lease: Lease): Promise<void>;
  /** `FOR SHARE` on the lease row; throws `lease_lost` when owner or token differ. Only inside a transaction. */
  assertLease(lease: Lease): Promise<void>;
  /** Compare-and-set of the status; null when it is in none of `from`. */
  transition(
    id: string,
    from: readonly TurnStatus[],
    to: TurnStatus,
    change: { now: number; error?: string | null; errorCode?: string | null },
  ): Promise<Turn | null>;
  requestCancel(id: string): Promise<void>;
  /**
   * Running turns whose lease has expired: back to `queued`, `attempt + 1`. Used by the recovery sweep. One that was
   * lost while its calls were being prepared can be claimed after `quarantineMs` only, and twice at most: `attempt + 2`.
   */
  requeueExpired(limit: number, quarantineMs: number): Promise<Turn[]>;
  /** Voids every lease. PGlite at boot: one process owns the data, so no owner can be alive. */
  voidLeases(): Promise<void>;
}

export interface StepRepository {
  insert(step: Step): Promise<void>;
  /** Ends the step of (turn, subject) that is still `started`. */
  finish(
    turnId: string,
    subjectId: string,
    outcome: { state: 'done' | 'failed' | 'unknown'; output: string | null; now: number },
  ): Promise<void>;
  list(turnId: string): Promise<Step[]>;
}
