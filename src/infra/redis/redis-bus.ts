import type { Bus } from '#domain/events/index.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import type { RedisConnections } from './connections.ts';

const RETRY_MS = 1_000;

/** Hints between processes over Redis pub/sub, on the connections that the event log uses. */
export function createRedisBus({ redis, log }: { redis: RedisConnections; log: Log }): Bus {
  const stops = new Set<() => void>();
  return {
    async publish(topic, message) {
      await redis.run((client) => client.publish(channelOf(topic), JSON.stringify(message)));
    },
    subscribe(topic, listener) {
      let stopped = false;
      let unlisten: (() => void) | null = null;
      let retry: NodeJS.Timeout | undefined;
      const receive = (text: string) => {
        try {
          listener(JSON.parse(text));
        } catch (error) {
          log.warn({ topic, reason: errorMessage(error) }, 'bus message refused');
        }
      };
      const start = () => {
        redis.listen(channelOf(topic), receive).then(
          (stop) => {
            if (stopped) stop();
            else unlisten = stop;
          },
          () => {
            if (!stopped) retry = setTimeout(start, RETRY_MS).unref();
          },
        );
      };
      const stop = () => {
        stopped = true;
        clearTimeout(retry);
        unlisten?.();
        stops.delete(stop);
      };
      stops.add(stop);
      start();
      return stop;
    },
    async close() {
      for (const stop of [...stops]) stop();
    },
  };
}

function channelOf(topic: string): string {
  return `crush:bus:${topic}`;
}
