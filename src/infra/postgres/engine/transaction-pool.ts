import type { PendingQuery, Row, Sql } from 'postgres';
import { type Deferred, deferred } from '#shared/async/deferred.ts';
import { unavailable } from '../errors.ts';

type Waiting = Deferred<Member>;
type Statement = PendingQuery<(Row & Iterable<Row>)[]>;
export type Unsafe = (text: string, parameters?: never[]) => Statement;

const ADMISSION_TIMEOUT_MS = 10_000;

export interface TransactionPoolDeps {
  /** A client of one connection; `onclose` tells of each connection that it loses. */
  open(onclose: () => void): Sql;
  max: number;
  /** After this time a statement that was not answered counts as failed. */
  deadlineMs: number;
}

export interface TransactionPool {
  /** A connection gives its work the same object each time. */
  run<T>(work: (transaction: Sql) => Promise<T>): Promise<T>;
  /** Who waits for a connection gets `unavailable`, at once. */
  close(timeoutSeconds: number): Promise<void>;
}

interface Member {
  client: Sql;
  /** What work gets. It sends by `send`, which is there while work is under way. */
  transaction: Sql;
  send: Unsafe | null;
  /** How many connections it has lost. */
  losses: number;
  /** Statements that were not answered yet. */
  open: Set<Statement>;
}

/**
 * Transactions, each on a client that nobody else uses meanwhile. postgres.js's own `begin` goes on after the
 * server has cut the connection: it writes to a socket that is gone, which ends the process, or sends the rest
 * over the next connection, outside of any transaction. Here nothing is sent once the connection is lost.
 */
export function createTransactionPool(deps: TransactionPoolDeps): TransactionPool {
  const members = new Set<Member>();
  const idle: Member[] = [];
  const waiting: Waiting[] = [];
  let closed = false;

  function add(): Member {
    const client = deps.open(() => lose(member));
    const transaction = withUnsafe(client, (...statement) => member.send?.(...statement) ?? refused());
    const member: Member = { client, transaction, send: null, losses: 0, open: new Set() };
    members.add(member);
    return member;
  }

  async function acquire(): Promise<Member> {
    if (closed) throw closedError();
    const free = idle.pop();
    if (free) return free;
    if (members.size < deps.max) return add();
    const next = deferred<Member>();
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(next), 1);
      next.reject(unavailable({ code: 'CONNECTION_POOL', message: 'no connection became free in time' }));
    }, ADMISSION_TIMEOUT_MS);
    waiting.push(next);
    return next.promise.finally(() => clearTimeout(timer));
  }

  function release(member: Member, usable: boolean): void {
    let next = member;
    if (!usable) {
      members.delete(member);
      void member.client.end({ timeout: 0 });
      if (waiting.length === 0) return;
      next = add();
    }
    const first = waiting.shift();
    if (first) first.resolve(next);
    else idle.push(next);
  }

  return {
    async run(work) {
      const member = await acquire();
      const before = member.losses;
      const isLost = () => member.losses !== before;
      const send: Unsafe = (text, parameters) =>
        isLost() ? refused() : remember(member, sendTo(member.client, text, parameters), deps.deadlineMs);
      member.send = send;
      let usable = true;
      try {
        // Travels with the first statement.
        const begun = send('begin');
        const result = await work(member.transaction);
        member.send = null;
        await begun;
        await commit(send);
        return result;
      } catch (error) {
        member.send = null;
        // A connection that is lost has no transaction any more; its client opens another one.
        if (!isLost()) usable = await succeeds(send('rollback'));
        throw error;
      } finally {
        release(member, usable);
      }
    },
    async close(timeout) {
      closed = true;
      for (const next of waiting.splice(0)) next.reject(closedError());
      await Promise.all([...members].map(({ client }) => client.end({ timeout })));
    },
  };
}

function closedError(): Error {
  return unavailable({ code: 'CONNECTION_ENDED', message: 'the pool is closed' });
}

/** Postgres answers the commit of a transaction in which a statement has failed by rolling it back. */
async function commit(send: Unsafe): Promise<void> {
  const { command } = (await send('commit')) as { command?: string };
  if (command === 'COMMIT') return;
  throw Object.assign(new Error('the transaction was rolled back'), { code: '25P02' });
}

/** Of several statements that are under way, postgres.js would send those still queued over the next connection. */
function lose(member: Member): void {
  member.losses++;
  for (const statement of member.open) {
    if ((statement as unknown as { state: unknown }).state === null) statement.cancel();
  }
}

function remember(member: Member, statement: Statement, deadlineMs: number): Statement {
  const forget = () => member.open.delete(statement);
  member.open.add(statement);
  statement.then(forget, forget);
  return withDeadline(statement, deadlineMs);
}

/**
 * Drizzle prepares only statements that were given a name. Unprepared ones cost postgres.js a second round trip
 * for the parameters' types, so all are prepared here; the driver knows them again by their text.
 */
export function prepareAll(client: Sql, deadlineMs: number): Sql {
  return withUnsafe(client, (text, parameters) => withDeadline(sendTo(client, text, parameters), deadlineMs));
}

function sendTo(client: Sql, text: string, parameters?: never[]): Statement {
  return client.unsafe(text, parameters, { prepare: parameters !== undefined });
}

/** What is sent in the moment in which its connection fails, postgres.js may never settle. */
function withDeadline(statement: Statement, deadlineMs: number): Statement {
  const { reject } = statement as unknown as { reject(error: Error): void };
  const timer = setTimeout(() => {
    const error = new Error('the database has not answered in time');
    reject(Object.assign(error, { code: 'CONNECTION_SILENT' }));
  }, deadlineMs);
  const cancel = () => clearTimeout(timer);
  statement.then(cancel, cancel);
  return statement;
}

function withUnsafe(client: Sql, unsafe: Unsafe): Sql {
  return new Proxy(client, {
    get: (target, key) => (key === 'unsafe' ? unsafe : Reflect.get(target, key, target)),
  });
}

/** Drizzle asks a statement for its `values`. */
function refused(): Statement {
  const error = new Error('the connection of this transaction was lost');
  const promise = Promise.reject(Object.assign(error, { code: 'CONNECTION_CLOSED' }));
  promise.catch(() => {});
  return Object.assign(promise, { values: () => promise }) as unknown as Statement;
}

async function succeeds(statement: Statement): Promise<boolean> {
  return statement.then(
    () => true,
    () => false,
  );
}
