import { isDomainError } from '#domain/errors.ts';
import type { EventLog } from '#domain/events/index.ts';
import { type Cursor, formatCursor, parseCursor } from '#domain/events/index.ts';
import type { SocketFrame } from '#domain/protocol/index.ts';
import { isRunningStatus } from '#domain/turn/index.ts';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { Log } from '#shared/log.ts';
import type { Outlet } from '../socket/outlet.ts';
import type { Feeds } from './feeds.ts';
import { type FeedMember, MAX_MISSED_EVENTS, type SessionFeed } from './session-feed.ts';
import { collectMissed, justFinished, type Snapshot, type SnapshotContext, statusFrame } from './snapshot.ts';
import { encodeEvent, encodeFrame, errorFrame } from './wire.ts';

const PAGE = 200;
const MAX_MISSED_CHARS = 1024 * 1024;
const EPOCH_WAIT_MS = 50;
const RETRY_MIN_MS = 300;
const RETRY_MAX_MS = 2_000;

export interface AttachmentDeps {
  log: EventLog;
  feeds: Feeds;
  outlet: Outlet;
  ctx: SnapshotContext;
  logger: Log;
  /** One building serves all who ask meanwhile. */
  snapshot: (ctx: SnapshotContext, sessionId: string) => Promise<Snapshot>;
  /** The session is gone or cannot be shown: the socket belongs to none from now on. */
  onLost: (error: unknown) => void;
}

export interface Attachment {
  readonly sessionId: string;
  /** Resolves when the client has been told where it stands; from then on it misses nothing. */
  readonly attached: Promise<void>;
  cursor(): string | null;
  /** The position of the last event that was sent, if any was: before it a resume would repeat what came. */
  delivered(): Cursor | null;
  close(): void;
}

/** Where an attach begins: after a client's cursor, or, for a reason or without one, with a snapshot. */
export interface AttachFrom {
  cursor?: unknown;
  reason?: string;
}

/** Brings one socket to a session's present, by resume or by snapshot, and keeps it there. */
export function attach(deps: AttachmentDeps, sessionId: string, from: AttachFrom): Attachment {
  const { log, feeds, outlet, logger } = deps;
  const attached = deferred<void>();
  const stop = new AbortController();
  let feed: SessionFeed | null = null;
  let sent: Cursor | null = null;
  let delivered: Cursor | null = null;
  let live = false;
  let complained = false;
  /** Grows with each new start; what belongs to an earlier one ends by itself. */
  let round = 0;

  const member: FeedMember = {
    deliver(cursor, data) {
      if (!live || (sent && cursor.epoch === sent.epoch && cursor.seq <= sent.seq)) return;
      outlet.send(data);
      delivered = sent = cursor;
      if (outlet.full()) {
        live = false;
        start(follow);
      }
    },
    reset() {
      start((mine) => bySnapshot(mine, 'other_epoch'));
    },
  };

  const current = (mine: number) => mine === round && !stop.signal.aborted;

  /** Runs until done; what the log or the database cannot give now is tried again. */
  function start(task: (mine: number) => Promise<void>): void {
    live = false;
    round += 1;
    const mine = round;
    void (async () => {
      for (let delay = RETRY_MIN_MS; current(mine); delay = Math.min(delay * 2, RETRY_MAX_MS)) {
        try {
          return await task(mine);
        } catch (error) {
          if (!current(mine)) return;
          if (!isDomainError(error, 'unavailable')) return deps.onLost(error);
          if (!complained) send(errorFrame(error, { sessionId }, logger));
          complained = true;
          await sleep(delay, stop.signal).catch(() => {});
        }
      }
    })();
  }

  function send(frame: SocketFrame): void {
    outlet.send(encodeFrame(frame));
  }

  /** False when this round is over. */
  async function sendPaced(mine: number, data: Buffer): Promise<boolean> {
    if (outlet.full()) await outlet.writable();
    if (!current(mine)) return false;
    outlet.send(data);
    return true;
  }

  async function first(mine: number): Promise<void> {
    feed ??= await feeds.join(sessionId, member);
    if (!current(mine)) return;
    if (from.reason) return bySnapshot(mine, from.reason);
    const after = parseCursor(from.cursor);
    if (!after) return bySnapshot(mine, from.cursor ? 'bad_cursor' : undefined);
    const snapshot = await snapshotFrom(after);
    const events = await collectMissed(log, sessionId, {
      after,
      head: snapshot.position,
      maxEvents: MAX_MISSED_EVENTS,
      maxChars: MAX_MISSED_CHARS,
    });
    if (!current(mine)) return;
    if (!events) {
      const reason = after.epoch === snapshot.position.epoch ? 'too_far_behind' : 'other_epoch';
      return sendSnapshot(mine, snapshot, { reason });
    }
    for (const event of events) {
      if (!(await sendPaced(mine, encodeEvent(event)))) return;
      delivered = sent = event.cursor;
    }
    await sendSnapshot(mine, snapshot, { resumed: events.length });
  }

  /** One that was being built for another client may stand before what this one has heard. */
  async function snapshotFrom(after: Cursor): Promise<Snapshot> {
    const snapshot = await deps.snapshot(deps.ctx, sessionId);
    const { epoch, seq } = snapshot.position;
    return epoch === after.epoch && seq < after.seq ? deps.snapshot(deps.ctx, sessionId) : snapshot;
  }

  async function bySnapshot(mine: number, reason?: string): Promise<void> {
    await sendSnapshot(mine, await deps.snapshot(deps.ctx, sessionId), { reason });
  }

  /** The state as of the position, then word of it. A page that resumes has its cursor, not always its state. */
  async function sendSnapshot(
    mine: number,
    { position, frames, status, messages }: Snapshot,
    { resumed, reason }: { resumed?: number; reason?: string },
  ): Promise<void> {
    const ended = reason ? await justFinished(deps.ctx, sessionId, position) : [];
    for (const frame of [...ended, ...frames]) if (!(await sendPaced(mine, encodeFrame(frame)))) return;
    if (!current(mine)) return;
    sent = position;
    complained = false;
    send(
      statusFrame({
        sessionId,
        status,
        isRunning: isRunningStatus(status),
        replayed: resumed ?? messages,
        position,
        resumed: resumed !== undefined,
        reason,
      }),
    );
    attached.resolve();
    start(follow);
  }

  /** Sends what came meanwhile and goes live in the same tick in which nothing is missing. */
  async function follow(mine: number): Promise<void> {
    while (feed && sent && current(mine)) {
      if (outlet.full()) await outlet.writable();
      if (!current(mine)) return;
      const end = feed.position();
      if (sent.epoch !== end.epoch) {
        // One of both is late: let the feed look, then begin again.
        feed.compare(sent, end);
        await sleep(EPOCH_WAIT_MS, stop.signal);
        return bySnapshot(mine, 'other_epoch');
      }
      if (sent.seq >= end.seq) {
        live = true;
        return;
      }
      if (end.seq - sent.seq > MAX_MISSED_EVENTS) return bySnapshot(mine, 'too_far_behind');
      if (!(await followPage(mine, feed, sent))) return bySnapshot(mine, 'too_far_behind');
    }
  }

  /** False when the events are gone. */
  async function followPage(mine: number, source: SessionFeed, after: Cursor): Promise<boolean> {
    const recent = source.recentAfter(after);
    if (recent) {
      for (const [index, data] of recent.entries()) {
        if (outlet.full()) break;
        outlet.send(data);
        delivered = sent = { epoch: after.epoch, seq: after.seq + index + 1 };
      }
      return true;
    }
    const page = await log.read(sessionId, after, PAGE);
    if (!page.ok || page.events.length === 0) return false;
    for (const event of page.events) {
      if (!(await sendPaced(mine, encodeEvent(event)))) return true;
      delivered = sent = event.cursor;
    }
    return true;
  }

  start(first);
  return {
    sessionId,
    attached: attached.promise,
    cursor: () => (sent ? formatCursor(sent) : null),
    delivered: () => delivered,
    close() {
      stop.abort();
      live = false;
      feeds.leave(sessionId, member);
      attached.resolve();
    },
  };
}
