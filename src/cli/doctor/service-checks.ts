import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import { DataDirectoryInUseError, type SchemaState, schemaState } from '#infra/postgres/index.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { createCloseStack } from '../close-stack.ts';
import { hasPostgres, openDatabase, reasonOf } from '../compose/platform/database.ts';
import { hasRedis, openRealtime } from '../compose/platform/realtime.ts';
import { broken, type Check, well } from './check.ts';

const POSTGRES_STATES: Record<SchemaState, (name: string) => Check> = {
  current: (name) => well(name, 'reachable, the schema is up to date'),
  empty: (name) => broken(name, 'reachable, but without a schema: run `crush migrate`'),
  behind: (name) => broken(name, 'reachable, but the schema is older than this version: run `crush migrate`'),
  ahead: (name) => broken(name, 'the schema belongs to another version of crush: run that version'),
};

const EMBEDDED_STATES: Record<SchemaState, (name: string) => Check> = {
  ...POSTGRES_STATES,
  current: (name) => well(name, 'the schema is up to date'),
  empty: (name) => well(name, 'empty, `crush serve` makes the schema'),
  behind: (name) => well(name, '`crush serve` brings the schema up to date'),
};

export async function checkDatabase(config: Config): Promise<Check> {
  const isPostgres = hasPostgres(config);
  const name = isPostgres ? 'PostgreSQL' : 'embedded database';
  if (!isPostgres && !existsSync(join(config.data_dir, 'pglite'))) {
    return well(name, 'will be made at the first start (for several processes set database.url)');
  }
  try {
    const database = await openDatabase(config, silentLog);
    try {
      const state = await schemaState(database);
      return (isPostgres ? POSTGRES_STATES : EMBEDDED_STATES)[state](name);
    } finally {
      await database.close();
    }
  } catch (error) {
    if (error instanceof FatalError && error.cause instanceof DataDirectoryInUseError) {
      return well(name, `in use by the running server, ${error.cause.holder}`);
    }
    return broken(name, `${describe(error)}${isPostgres ? ' – start it, or change database.url' : ''}`);
  }
}

export async function checkEvents(config: Config): Promise<Check> {
  if (!hasRedis(config)) return well('events', 'in memory (for several processes set redis.url)');
  const stack = createCloseStack(silentLog);
  try {
    const { eventLog } = await openRealtime({ config, clock: systemClock, log: silentLog, stack });
    await eventLog.ping();
    return well('Redis', 'reachable');
  } catch (error) {
    return broken('Redis', `${describe(error)} – start it, or change redis.url`);
  } finally {
    await stack.close();
  }
}

export function describe(error: unknown): string {
  return error instanceof FatalError ? error.message : reasonOf(error);
}
