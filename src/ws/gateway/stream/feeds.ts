import type { Cursor, EventLog } from '#domain/events/index.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import { createSessionFeed, type FeedMember, type SessionFeed } from './session-feed.ts';

export interface Feeds {
  /** Throws `unavailable`; then nothing was joined. */
  join(sessionId: string, member: FeedMember): Promise<SessionFeed>;
  leave(sessionId: string, member: FeedMember): void;
  /** Compares all positions with the log's: finds what no gap shows, a lost last event. */
  checkHeads(): Promise<void>;
  size(): number;
  close(): void;
}

/** The feeds of the sessions that are attached here. */
export function createFeeds({ log, logger }: { log: EventLog; logger: Log }): Feeds {
  const feeds = new Map<string, { feed: SessionFeed; started: Promise<void>; ready: boolean }>();

  function discard(sessionId: string, feed: SessionFeed): void {
    feed.close();
    if (feeds.get(sessionId)?.feed === feed) feeds.delete(sessionId);
  }

  return {
    async join(sessionId, member) {
      let entry = feeds.get(sessionId);
      if (!entry) {
        const feed = createSessionFeed({ sessionId, log, logger });
        entry = { feed, started: feed.start(), ready: false };
        feeds.set(sessionId, entry);
      }
      const { feed, started } = entry;
      feed.members.add(member);
      try {
        await started;
        entry.ready = true;
      } catch (error) {
        discard(sessionId, feed);
        throw error;
      }
      return feed;
    },

    leave(sessionId, member) {
      const feed = feeds.get(sessionId)?.feed;
      if (!feed?.members.delete(member)) return;
      if (feed.members.size === 0) discard(sessionId, feed);
    },

    async checkHeads() {
      const asked = new Map<string, { feed: SessionFeed; at: Cursor }>();
      for (const [id, { feed, ready }] of feeds) {
        if (ready) asked.set(id, { feed, at: feed.position() });
      }
      if (asked.size === 0) return;
      try {
        const heads = await log.heads([...asked.keys()]);
        for (const [id, { feed, at }] of asked) {
          const head = heads.get(id);
          if (head) feed.compare(head, at);
        }
      } catch (error) {
        logger.debug({ reason: errorMessage(error) }, 'heads not checked');
      }
    },

    size: () => feeds.size,
    close() {
      for (const { feed } of feeds.values()) feed.close();
      feeds.clear();
    },
  };
}
