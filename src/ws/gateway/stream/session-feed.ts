import type { Cursor, EventLog, LogSignal, SessionEvent } from '#domain/events/index.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import { encodeEvent } from './wire.ts';

const PAGE = 200;
/** Further behind than this, a snapshot is cheaper than the events. */
export const MAX_MISSED_EVENTS = 1000;
const RETRY_MS = 500;
const RECENT_BYTES = 256 * 1024;
const RECENT_EVENTS = 1024;

export interface FeedMember {
  /** Events come in order and without gaps, until `reset`. */
  deliver(cursor: Cursor, data: Buffer): void;
  /** The log is not the one of before: only a snapshot helps. */
  reset(): void;
}

export interface SessionFeed {
  /** Subscribes and finds the position. Throws `unavailable`. */
  start(): Promise<void>;
  /** Of the last event delivered. */
  position(): Cursor;
  /** The latest encoded events after `seq`, or null when they are not all at hand. */
  recentAfter(cursor: Cursor): Buffer[] | null;
  /** Compares with a head that was read after `askedAt` was the position. */
  compare(head: Cursor, askedAt: Cursor): void;
  readonly members: Set<FeedMember>;
  close(): void;
}

/** One session's events for all its sockets of this process: one subscription, each event encoded once. */
export function createSessionFeed(deps: { sessionId: string; log: EventLog; logger: Log }): SessionFeed {
  const { sessionId, log, logger } = deps;
  const members = new Set<FeedMember>();
  let head: Cursor | null = null;
  /** The highest number heard of; what lies between is in the log. */
  let target = 0;
  let recent: Buffer[] = [];
  let recentBytes = 0;
  let busy = false;
  let again = false;
  let closed = false;
  let unsubscribe = () => {};
  let retry: NodeJS.Timeout | undefined;

  function deliver(event: SessionEvent): void {
    const data = encodeEvent(event);
    head = event.cursor;
    recent.push(data);
    recentBytes += data.length;
    if (recent.length > RECENT_EVENTS || recentBytes > RECENT_BYTES) {
      const dropped = recent.splice(0, Math.ceil(recent.length / 2));
      for (const old of dropped) recentBytes -= old.length;
    }
    for (const member of members) member.deliver(event.cursor, data);
  }

  function reset(to: Cursor): void {
    head = to;
    target = to.seq;
    recent = [];
    recentBytes = 0;
    for (const member of [...members]) member.reset();
  }

  function onSignal(signal: LogSignal): void {
    if (closed) return;
    if (signal.kind === 'resync') {
      reconcile();
      return;
    }
    const { cursor } = signal.event;
    if (!head) target = Math.max(target, cursor.seq);
    else if (cursor.epoch !== head.epoch) reconcile();
    else if (cursor.seq === head.seq + 1 && !busy) deliver(signal.event);
    else if (cursor.seq > head.seq) {
      target = Math.max(target, cursor.seq);
      if (!busy) reconcile();
    }
  }

  /** Brings the position up to the log's, or everyone to a snapshot. One at a time; failures are tried again. */
  function reconcile(): void {
    if (closed || !head) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    catchUp().then(
      () => {
        busy = false;
        if (again || (head && target > head.seq)) reconcile();
      },
      (error: unknown) => {
        busy = false;
        logger.debug({ session_id: sessionId, reason: errorMessage(error) }, 'feed cannot read the log');
        if (closed) return;
        clearTimeout(retry);
        retry = setTimeout(reconcile, RETRY_MS).unref();
      },
    );
  }

  async function catchUp(): Promise<void> {
    const from = head;
    if (!from) return;
    const end = await log.head(sessionId);
    if (closed || !head) return;
    if (end.epoch !== head.epoch || end.seq < from.seq || end.seq - head.seq > MAX_MISSED_EVENTS) {
      return reset(end);
    }
    target = end.seq;
    while (!closed && head.seq < end.seq) {
      const page = await log.read(sessionId, head, PAGE);
      if (closed) return;
      if (!page.ok || page.events.length === 0) return reset(await log.head(sessionId));
      for (const event of page.events) deliver(event);
    }
  }

  return {
    members,
    async start() {
      unsubscribe = await log.subscribe(sessionId, onSignal);
      if (closed) return unsubscribe();
      const found = await log.head(sessionId);
      head = found;
      if (target > found.seq) reconcile();
    },
    position() {
      if (!head) throw new Error('the feed has not started');
      return head;
    },
    recentAfter(cursor) {
      if (!head || cursor.epoch !== head.epoch) return null;
      const missing = head.seq - cursor.seq;
      if (missing < 0 || missing > recent.length) return null;
      return missing === 0 ? [] : recent.slice(-missing);
    },
    compare(found, askedAt) {
      if (!head || head.epoch !== askedAt.epoch) return;
      if (found.epoch !== head.epoch || found.seq < askedAt.seq || found.seq > head.seq) reconcile();
    },
    close() {
      closed = true;
      clearTimeout(retry);
      unsubscribe();
      members.clear();
    },
  };
}
