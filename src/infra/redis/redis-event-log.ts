import { DomainError } from '#domain/errors.ts';
import type { Cursor, EventLog, LogSignal, ReadResult, SessionEvent } from '#domain/events/index.ts';
import { randomToken } from '#shared/ids.ts';
import { type RedisConnections, unavailable } from './connections.ts';

const EPOCH_BITS = 96;
const META_TTL_S = 24 * 3600;
/** Longer than a writer can go on after its lease is gone. */
const GONE_TTL_S = 20;
const SEEN_IDS_PER_SESSION = 1024;

export interface RedisEventLogDeps {
  /** Owned by the caller. */
  redis: RedisConnections;
  /** Events kept per session, approximately, and bytes of them. */
  streamMaxLen: number;
  streamMaxBytes: number;
  /** Seconds after which an idle session's events go; its position lives a day. */
  streamTtl: number;
}

/** The log of realtime sessions in Redis Streams: one script call per append. */
export function createRedisEventLog({
  redis,
  streamMaxLen,
  streamMaxBytes,
  streamTtl,
}: RedisEventLogDeps): EventLog {
  const listeners = new Set<(signal: LogSignal) => void>();
  const stopRestored = redis.onRestored(() => {
    for (const listener of listeners) listener({ kind: 'resync' });
  });

  async function begin(
    sessionId: string,
    fence: number | '',
    { newEpoch = false, anyFence = false } = {},
  ): Promise<Cursor> {
    const { meta, stream, channel } = keysOf(sessionId);
    const reply = await redis.run((client, runId) =>
      client.logTakeOver(
        meta,
        stream,
        fence,
        randomToken(EPOCH_BITS),
        runId,
        META_TTL_S,
        channel,
        newEpoch ? '1' : '0',
        anyFence ? '1' : '0',
      ),
    );
    return toCursor(reply);
  }

  async function heads(sessionIds: readonly string[]): Promise<Map<string, Cursor>> {
    if (sessionIds.length === 0) return new Map();
    const found = await redis.run(async (client, runId) => {
      const pipeline = client.pipeline();
      for (const id of sessionIds) pipeline.hmget(keysOf(id).meta, 'epoch', 'seq', 'run');
      const replies = await pipeline.exec();
      return sessionIds.map((id, index): [string, Cursor | null] => [
        id,
        headFrom(replies?.[index] ?? [null, null], runId),
      ]);
    });
    const entries = found.map(
      async ([id, cursor]): Promise<[string, Cursor]> => [id, cursor ?? (await begin(id, ''))],
    );
    return new Map(await Promise.all(entries));
  }

  return {
    async append(sessionId, events, fence, batch) {
      const { meta, stream, ids, channel } = keysOf(sessionId);
      const args: Array<string | number> = [meta, stream, ids, fence ?? '', randomToken(EPOCH_BITS)];
      const reply = await redis.run((client, runId) => {
        args.push(runId, streamMaxLen, streamTtl, META_TTL_S, channel, batch ?? '');
        args.push(SEEN_IDS_PER_SESSION, streamMaxBytes);
        for (const event of events) args.push(event.id ?? '', event.body);
        return client.logAppend(...args);
      });
      const [epoch, ...seqs] = fencedReply(reply);
      return { epoch: String(epoch), seqs: seqs.map((seq) => (seq === 0 ? null : Number(seq))) };
    },

    takeOver: (sessionId, fence, newEpoch) => begin(sessionId, fence, { newEpoch }),
    reset: (sessionId, fence) => begin(sessionId, fence, { newEpoch: true, anyFence: true }),

    async head(sessionId) {
      const cursor = (await heads([sessionId])).get(sessionId);
      if (!cursor) throw unavailable(new Error('no head'));
      return cursor;
    },

    heads,

    async read(sessionId, after, limit): Promise<ReadResult> {
      const { meta, stream } = keysOf(sessionId);
      const reply = await redis.run((client, runId) =>
        client.logRead(meta, stream, after.epoch, after.seq, limit, runId),
      );
      return toReadResult(reply, after);
    },

    async subscribe(sessionId, listener) {
      const entry = (signal: LogSignal) => listener(signal);
      const stop = await redis.listen(keysOf(sessionId).channel, (message) => entry(toSignal(message)));
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
        stop();
      };
    },

    async remove(sessionId) {
      const { meta, stream, ids, channel } = keysOf(sessionId);
      const epoch = randomToken(EPOCH_BITS);
      await redis.run((client, runId) =>
        client.logRemove(meta, stream, ids, epoch, runId, GONE_TTL_S, channel),
      );
    },

    async ping() {
      await redis.run((client) => client.ping());
    },

    async close() {
      stopRestored();
      listeners.clear();
    },
  };
}

function keysOf(sessionId: string) {
  const tag = `crush:{s:${sessionId}}`;
  return { meta: `${tag}:m`, stream: `${tag}:ev`, ids: `${tag}:d`, channel: `${tag}:c` };
}

function fencedReply(reply: unknown): unknown[] {
  if (!Array.isArray(reply)) throw unavailable(new Error('unexpected answer of the log script'));
  if (reply.length === 0) throw new DomainError('stale_fence', 'The session has a newer owner');
  return reply;
}

function toCursor(reply: unknown): Cursor {
  const [epoch, seq] = fencedReply(reply);
  return { epoch: String(epoch), seq: Number(seq) };
}

/** Null when the session has no epoch yet or one of a Redis that is no more. */
function headFrom([error, reply]: [Error | null, unknown], runId: string): Cursor | null {
  if (error || !Array.isArray(reply)) throw error ?? new Error('unexpected answer');
  const [epoch, seq, run] = reply;
  return typeof epoch === 'string' && run === runId ? { epoch, seq: Number(seq) } : null;
}

function toReadResult(reply: unknown, after: Cursor): ReadResult {
  const [state, bodies] = fencedReply(reply);
  if (state === 1) return { ok: false, reason: 'other_epoch' };
  if (state === 2) return { ok: false, reason: 'ahead' };
  if (state === 3 || !Array.isArray(bodies)) return { ok: false, reason: 'trimmed' };
  const events = bodies.map(
    (body: unknown, index): SessionEvent => ({
      cursor: { epoch: after.epoch, seq: after.seq + 1 + index },
      body: String(body),
    }),
  );
  return { ok: true, events };
}

/** A message is `<epoch>|<seq>|<body>`; seq 0 announces a new epoch. */
function toSignal(message: string): LogSignal {
  const first = message.indexOf('|');
  const second = message.indexOf('|', first + 1);
  const seq = Number(message.slice(first + 1, second));
  if (first < 1 || second < 0 || !(seq > 0)) return { kind: 'resync' };
  return {
    kind: 'event',
    event: { cursor: { epoch: message.slice(0, first), seq }, body: message.slice(second + 1) },
  };
}
