import type { Config } from '#config/load.ts';
import { type ContextFactory, createContextFactory } from '#domain/create-context.ts';
import type { EventPublisher } from '#domain/events/index.ts';
import { createEventPublisher } from '#infra/events/event-publisher.ts';
import { createOutboxRelay } from '#infra/events/outbox-relay.ts';
import type { SqlDatabase } from '#infra/postgres/index.ts';
import { type Clock, systemClock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { CloseStack } from '../../close-stack.ts';
import { type Accounts, openAccounts } from '../services/accounts.ts';
import { openDatabase } from './database.ts';
import { openRealtime, type Realtime } from './realtime.ts';
import { openSecrets } from './secrets.ts';

/** What every service stands on. */
export interface Platform extends Realtime, Accounts {
  config: Config;
  clock: Clock;
  log: Log;
  database: SqlDatabase;
  publisher: EventPublisher;
  contexts: ContextFactory;
}

export interface PlatformOptions {
  config: Config;
  log: Log;
  stack: CloseStack;
  /** One process serves everything and may make its own secrets. */
  embedded: boolean;
  /** Brings the schema up to date, or checks that it is. */
  prepareSchema(database: SqlDatabase): Promise<void>;
}

const PUBLISHER_DRAIN_MS = 3_000;

export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { config, log, stack } = options;
  const clock = systemClock;
  const secrets = openSecrets(config, options);
  const database = await openDatabase(config, log);
  stack.push('database', () => database.close());
  await options.prepareSchema(database);
  const realtime = await openRealtime({ config, clock, log, stack });
  const publisher = openPublisher({ ...options, ...realtime, database, clock });
  const contexts = createContextFactory({ database, publisher, bus: realtime.bus, clock, log });
  const accounts = openAccounts({ secrets, contexts, bus: realtime.bus, clock, stack });
  return { config, clock, log, database, ...realtime, publisher, contexts, ...accounts };
}

function openPublisher(
  deps: PlatformOptions & Realtime & { database: SqlDatabase; clock: Clock },
): EventPublisher {
  const { database, clock, log, stack, eventLog } = deps;
  const publisher = createEventPublisher({
    log: eventLog,
    outbox: database.repositories.outbox,
    clock,
    logger: log,
  });
  stack.push('event publisher', () => publisher.close(PUBLISHER_DRAIN_MS));
  const relay = createOutboxRelay({ database, log: eventLog, clock, logger: log });
  relay.start();
  stack.push('outbox relay', () => relay.close());
  return publisher;
}
