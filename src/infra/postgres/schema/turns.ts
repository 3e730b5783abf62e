import { type SQL, sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { type Step, type StepEffect, StepKind, StepState, TurnKind, TurnStatus } from '#domain/turn/index.ts';
import { checkBytes, checkNotNegative, checkOneOf, id, moment, text } from './columns.ts';
import { sessions } from './sessions.ts';
import { users } from './users.ts';

interface WithStatus {
  status: AnyPgColumn;
}

/** These three in literals, so that a prepared statement can use the partial indexes. */
export function isUnfinishedTurn(table: WithStatus): SQL {
  return sql`${table.status} in ('queued', 'running', 'waiting')`;
}

export function isQueuedTurn(table: WithStatus): SQL {
  return sql`${table.status} = 'queued'`;
}

export function isRunningTurn(table: WithStatus): SQL {
  return sql`${table.status} = 'running'`;
}

export const turns = pgTable(
  'turns',
  {
    id: id().primaryKey(),
    sessionId: id('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    userId: id('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    number: integer('number').notNull(),
    kind: text('kind').$type<TurnKind>().notNull().default('prompt'),
    status: text('status').$type<TurnStatus>().notNull(),
    attempt: integer('attempt').notNull(),
    cancelRequested: boolean('cancel_requested').notNull(),
    /** No foreign key: the message needs the turn's number and is stored after it. */
    messageId: id('message_id').notNull(),
    idempotencyKey: text('idempotency_key'),
    promptDigest: text('prompt_digest').notNull(),
    error: text('error'),
    errorCode: text('error_code'),
    createdAt: moment('created_at').notNull(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    unique('turns_number_unique').on(table.sessionId, table.number),
    unique('turns_idempotency_unique').on(table.sessionId, table.idempotencyKey),
    uniqueIndex('turns_running_unique').on(table.sessionId).where(isRunningTurn(table)),
    index('turns_unfinished_index').on(table.sessionId, table.number).where(isUnfinishedTurn(table)),
    index('turns_user_queue_index').on(table.userId, table.createdAt, table.id).where(isQueuedTurn(table)),
    index('turns_user_started_index').on(table.userId, table.startedAt),
    checkOneOf('turns_kind_check', table.kind, TurnKind.options),
    checkOneOf('turns_status_check', table.status, TurnStatus.options),
    check('turns_counters', sql`${table.number} >= 1 and ${table.attempt} >= 0`),
    checkBytes('turns_idempotency_length', table.idempotencyKey, 1024),
  ],
);

/** A row stays when its lease is released: the token must only grow. */
export const sessionLeases = pgTable(
  'session_leases',
  {
    sessionId: id('session_id')
      .primaryKey()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** Null: nobody holds it. */
    owner: text('owner'),
    token: bigint('token', { mode: 'number' }).notNull(),
    /** Database time. */
    expiresAt: moment('expires_at').notNull(),
    /** Given back by its owner, as opposed to expired. */
    released: boolean('released').notNull(),
    /** The owner before this one had not given it back. */
    takenOver: boolean('taken_over').notNull(),
  },
  (table) => [
    index('session_leases_owner_index').on(table.owner).where(sql`${table.owner} is not null`),
    checkNotNegative('session_leases_token_check', table.token),
  ],
);

export const steps = pgTable(
  'steps',
  {
    turnId: id('turn_id')
      .notNull()
      .references(() => turns.id, { onDelete: 'cascade' }),
    index: integer('index').notNull(),
    kind: text('kind').$type<Step['kind']>().notNull(),
    tool: text('tool'),
    subjectId: id('subject_id').notNull(),
    state: text('state').$type<Step['state']>().notNull(),
    effect: text('effect').$type<StepEffect>().notNull(),
    input: text('input'),
    output: text('output'),
    token: bigint('token', { mode: 'number' }).notNull(),
    startedAt: moment('started_at').notNull(),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    primaryKey({ name: 'steps_pkey', columns: [table.turnId, table.index] }),
    checkOneOf('steps_kind_check', table.kind, StepKind.options),
    checkOneOf('steps_state_check', table.state, StepState.options),
    checkOneOf('steps_effect_check', table.effect, ['none', 'idempotent', 'unsafe']),
    checkNotNegative('steps_index_check', table.index),
  ],
);
