import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { Actor, Context, Database, Repositories } from './context.ts';
import type { Bus } from './events/bus.ts';
import type { EventPublisher } from './events/publisher.ts';
import type { Lease } from './turn/turn.ts';

export type AnyContext = Context<keyof Repositories>;

export interface ContextFactoryDeps {
  database: Database;
  publisher: Pick<EventPublisher, 'publish'>;
  bus: Pick<Bus, 'publish'>;
  clock: Clock;
  log: Log;
}

export interface ContextOptions {
  actor: Actor;
  requestId: string;
  /** The turn's lease: every transaction then fails with `lease_lost` once it is lost. */
  lease?: Lease;
  log?: Log;
}

export type ContextFactory = (options: ContextOptions) => AnyContext;

export function createContextFactory(deps: ContextFactoryDeps): ContextFactory {
  const { database, publisher, bus, clock } = deps;
  return ({ actor, requestId, lease, log = deps.log }) => {
    const base = { actor, clock, log, requestId };
    const notify: AnyContext['notify'] = (...message) => {
      bus.publish(...message).catch((error: unknown) => log.debug({ err: error }, 'bus hint not delivered'));
    };
    return {
      ...base,
      notify,
      repositories: database.repositories,
      async transaction(run) {
        const hints: Array<Parameters<Bus['publish']>> = [];
        const { result, events } = await database.transaction((repositories) => {
          hints.length = 0;
          const inner: AnyContext = {
            ...base,
            repositories,
            notify: (...message) => hints.push(message),
            transaction: (nested) => nested(inner),
          };
          return run(inner);
        }, lease);
        if (events.length > 0) publisher.publish(events, lease?.token);
        for (const hint of hints) notify(...hint);
        return result;
      },
    };
  };
}
