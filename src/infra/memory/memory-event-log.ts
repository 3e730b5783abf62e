import { DomainError } from '#domain/errors.ts';
import type { Appended, Cursor, EventLog, LogSignal, NewEvent, ReadResult } from '#domain/events/index.ts';
import type { Clock } from '#shared/clock.ts';
import { randomToken } from '#shared/ids.ts';

const MEBI = 1024 * 1024;
const EPOCH_BITS = 96;
const SEEN_IDS_PER_SESSION = 1024;
const SWEEP_INTERVAL_MS = 60_000;
const META_TTL_MS = 24 * 3600 * 1000;
/** Longer than a writer can go on after its lease is gone. */
const GONE_TTL_MS = 20_000;

export interface MemoryEventLogDeps {
  clock: Clock;
  /** Events kept per session. */
  maxLength?: number;
  /** Bytes (UTF-16 units) of bodies kept per session. */
  maxChars?: number;
  /** Of all sessions together: beyond it those that were idle for longest forget their events. */
  maxTotalChars?: number;
  /** An idle session forgets its events after this time, its position after a day. */
  streamTtlMs?: number;
}

interface SessionLog {
  epoch: string;
  seq: number;
  fence: number;
  batch: { id: string; appended: Appended } | null;
  /** Bodies of the events `seq - bodies.length + 1` to `seq`. */
  bodies: string[];
  chars: number;
  seen: Set<string>;
  touchedAt: number;
  /** The session was deleted: nothing is appended any more. */
  isGone: boolean;
}

/** The in-process twin of the Redis log, for one process that serves everything. */
export function createMemoryEventLog(deps: MemoryEventLogDeps): EventLog {
  const { clock, maxLength = 4096, maxChars = 16 * MEBI, streamTtlMs = 3_600_000 } = deps;
  const { maxTotalChars = 128 * MEBI } = deps;
  const sessions = new Map<string, SessionLog>();
  const listeners = new Map<string, Set<(signal: LogSignal) => void>>();
  let totalChars = 0;
  let closed = false;

  const sweeper = setInterval(() => {
    const now = clock.now();
    for (const [id, log] of sessions) {
      if (now - log.touchedAt > (log.isGone ? GONE_TTL_MS : META_TTL_MS)) discard(id, log);
      else if (now - log.touchedAt > streamTtlMs) forget(log);
    }
  }, SWEEP_INTERVAL_MS);
  sweeper.unref();

  function discard(sessionId: string, log: SessionLog): void {
    forget(log);
    sessions.delete(sessionId);
  }

  function forget(log: SessionLog): void {
    totalChars -= log.chars;
    log.bodies = [];
    log.chars = 0;
  }

  /** The map is in the order of the last appends. */
  function makeRoom(sessionId: string, log: SessionLog): void {
    sessions.delete(sessionId);
    sessions.set(sessionId, log);
    if (totalChars <= maxTotalChars) return;
    for (const idle of sessions.values()) {
      if (idle !== log) forget(idle);
      if (totalChars <= maxTotalChars) return;
    }
  }

  function open(sessionId: string): SessionLog {
    if (closed) throw new DomainError('unavailable', 'The event log is closed');
    let log = sessions.get(sessionId);
    if (!log) {
      log = {
        epoch: randomToken(EPOCH_BITS),
        seq: 0,
        fence: 0,
        batch: null,
        bodies: [],
        chars: 0,
        seen: new Set(),
        touchedAt: 0,
        isGone: false,
      };
      sessions.set(sessionId, log);
    }
    if (!log.isGone) log.touchedAt = clock.now();
    return log;
  }

  function trim(log: SessionLog): void {
    let drop = 0;
    let chars = log.chars;
    while (drop < log.bodies.length - 1 && (log.bodies.length - drop > maxLength || chars > maxChars)) {
      chars -= log.bodies[drop]?.length ?? 0;
      drop += 1;
    }
    // A block at a time: removing from the front moves the whole array.
    if (drop === 0 || (drop < maxLength / 8 && chars <= maxChars && log.chars <= maxChars)) return;
    log.bodies.splice(0, drop);
    totalChars -= log.chars - chars;
    log.chars = chars;
  }

  function signal(sessionId: string, message: LogSignal): void {
    for (const listener of listeners.get(sessionId) ?? []) listener(message);
  }

  function beginEpoch(sessionId: string, log: SessionLog): void {
    log.epoch = randomToken(EPOCH_BITS);
    log.seq = 0;
    log.batch = null;
    forget(log);
    signal(sessionId, { kind: 'resync' });
  }

  function appendOne(sessionId: string, log: SessionLog, event: NewEvent): number | null {
    if (event.id !== undefined && !remember(log.seen, event.id)) return null;
    log.seq += 1;
    log.bodies.push(event.body);
    log.chars += event.body.length;
    totalChars += event.body.length;
    signal(sessionId, {
      kind: 'event',
      event: { cursor: { epoch: log.epoch, seq: log.seq }, body: event.body },
    });
    return log.seq;
  }

  return {
    async append(sessionId, events, fence, batch) {
      const log = open(sessionId);
      if (log.isGone) return { epoch: log.epoch, seqs: events.map(() => null) };
      raiseFence(log, fence);
      if (batch !== undefined && log.batch?.id === batch) return log.batch.appended;
      const seqs = events.map((event) => appendOne(sessionId, log, event));
      const appended = { epoch: log.epoch, seqs };
      if (batch !== undefined) log.batch = { id: batch, appended };
      trim(log);
      makeRoom(sessionId, log);
      return appended;
    },

    async takeOver(sessionId, fence, newEpoch) {
      const log = open(sessionId);
      if (log.isGone) return position(log);
      raiseFence(log, fence);
      if (newEpoch) beginEpoch(sessionId, log);
      return position(log);
    },

    async reset(sessionId, fence) {
      const log = open(sessionId);
      if (log.isGone) return position(log);
      log.fence = fence;
      beginEpoch(sessionId, log);
      return position(log);
    },

    head: async (sessionId) => position(open(sessionId)),

    heads: async (sessionIds) => new Map(sessionIds.map((id) => [id, position(open(id))])),

    async read(sessionId, after, limit): Promise<ReadResult> {
      const log = open(sessionId);
      if (after.epoch !== log.epoch) return { ok: false, reason: 'other_epoch' };
      if (after.seq > log.seq) return { ok: false, reason: 'ahead' };
      const first = log.seq - log.bodies.length + 1;
      if (after.seq + 1 < first) return { ok: false, reason: 'trimmed' };
      const start = after.seq + 1 - first;
      const events = log.bodies.slice(start, start + limit).map((body, index) => ({
        cursor: { epoch: log.epoch, seq: after.seq + 1 + index },
        body,
      }));
      return { ok: true, events };
    },

    async subscribe(sessionId, listener) {
      const set = listeners.get(sessionId) ?? new Set();
      const entry = (message: LogSignal) => listener(message);
      set.add(entry);
      listeners.set(sessionId, set);
      return () => {
        set.delete(entry);
        if (set.size === 0 && listeners.get(sessionId) === set) listeners.delete(sessionId);
      };
    },

    async remove(sessionId) {
      const known = sessions.get(sessionId);
      if (known) discard(sessionId, known);
      const log = open(sessionId);
      log.isGone = true;
      signal(sessionId, { kind: 'resync' });
    },

    async ping() {
      if (closed) throw new DomainError('unavailable', 'The event log is closed');
    },

    async close() {
      closed = true;
      clearInterval(sweeper);
      sessions.clear();
      listeners.clear();
    },
  };
}

function position(log: SessionLog): Cursor {
  return { epoch: log.epoch, seq: log.seq };
}

function raiseFence(log: SessionLog, fence: number | undefined): void {
  if (fence === undefined) return;
  if (fence < log.fence) throw new DomainError('stale_fence', 'The session has a newer owner');
  log.fence = fence;
}

/** False when the id was there already. The oldest ids are forgotten. */
function remember(seen: Set<string>, id: string): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > SEEN_IDS_PER_SESSION) {
    for (const oldest of seen) {
      seen.delete(oldest);
      break;
    }
  }
  return true;
}
