import { configError } from '#config/errors.ts';
import type { LoadedConfig } from '#config/load.ts';
import { type AnyContext, createContextFactory } from '#domain/create-context.ts';
import { isDomainError } from '#domain/errors.ts';
import { parseInput } from '#domain/parse-input.ts';
import { RegisterRequest } from '#domain/protocol/requests/auth.ts';
import {
  createUser,
  disableUser,
  enableUser,
  listUsers,
  setPassword,
  type User,
} from '#domain/user/index.ts';
import { createPasswordHasher } from '#infra/auth/index.ts';
import { systemClock } from '#shared/clock.ts';
import { isId } from '#shared/ids.ts';
import { createCloseStack } from './close-stack.ts';
import {
  hasPostgres,
  migrateOrExplain,
  openDatabase,
  requireCurrentSchema,
} from './compose/platform/database.ts';
import { openLog } from './compose/platform/logger.ts';
import { hasRedis, openRealtime } from './compose/platform/realtime.ts';
import { readPassword } from './read-password.ts';

/** Runs with the operator's rights on the configured database; hints to running servers go over Redis. */
async function asOperator<T>({ config }: LoadedConfig, run: (ctx: AnyContext) => Promise<T>): Promise<T> {
  const log = openLog(config, 'user');
  const stack = createCloseStack(log);
  try {
    const database = await openDatabase(config, log);
    stack.push('database', () => database.close());
    if (hasPostgres(config)) await requireCurrentSchema(database);
    else await migrateOrExplain(database);
    const { bus } = await openRealtime({ config, clock: systemClock, log, stack });
    const pending: Promise<void>[] = [];
    const contexts = createContextFactory({
      database,
      publisher: { publish() {} },
      bus: {
        async publish(topic, message) {
          pending.push(bus.publish(topic, message));
          await pending.at(-1);
        },
      },
      clock: systemClock,
      log,
    });
    const result = await run(contexts({ actor: { kind: 'system' }, requestId: 'operator' }));
    await Promise.allSettled(pending);
    if (!hasRedis(config)) log.debug({}, 'no Redis: running servers notice within a minute');
    return result;
  } catch (error) {
    if (isDomainError(error) && error.code !== 'unavailable') throw configError(error.message);
    throw error;
  } finally {
    await stack.close();
  }
}

export async function addUser(
  loaded: LoadedConfig,
  input: { username: string; email: string; admin: boolean },
): Promise<void> {
  const password = await readPassword();
  const user = await asOperator(loaded, async (ctx) => {
    const request = parseInput(RegisterRequest, { username: input.username, email: input.email, password });
    const role = input.admin ? ({ role: 'admin' } as const) : {};
    return createUser({ hasher: createPasswordHasher() }, ctx, { ...request, ...role });
  });
  process.stdout.write(`created ${user.role} ${user.username} <${user.email}> ${user.id}\n`);
}

export async function printUsers(loaded: LoadedConfig, json: boolean): Promise<void> {
  const users = await asOperator(loaded, listUsers);
  if (json) {
    process.stdout.write(`${JSON.stringify(users, null, 2)}\n`);
    return;
  }
  if (users.length === 0) process.stderr.write('there is no account yet; `crush user add` creates one\n');
  for (const user of users) {
    const state = user.disabledAt === null ? '' : '  (disabled)';
    process.stdout.write(`${user.id}  ${user.role.padEnd(6)}  ${user.username} <${user.email}>${state}\n`);
  }
}

export async function setAccess(loaded: LoadedConfig, name: string, allowed: boolean): Promise<void> {
  const user = await asOperator(loaded, async (ctx) => {
    const found = await findUser(ctx, name);
    await (allowed ? enableUser(ctx, found.id) : disableUser(ctx, found.id));
    return found;
  });
  process.stdout.write(`${allowed ? 'enabled' : 'disabled'} ${user.username}\n`);
}

export async function replacePassword(loaded: LoadedConfig, name: string): Promise<void> {
  const password = await readPassword();
  const user = await asOperator(loaded, async (ctx) => {
    const found = await findUser(ctx, name);
    await setPassword({ hasher: createPasswordHasher() }, ctx, { userId: found.id, password });
    return found;
  });
  process.stdout.write(`password of ${user.username} replaced; all its logins have ended\n`);
}

async function findUser(ctx: AnyContext, name: string): Promise<User> {
  const { users } = ctx.repositories;
  const user = isId(name)
    ? await users.get(name)
    : ((await users.getByEmail(name)) ?? (await users.getByUsername(name)));
  if (!user) throw configError(`there is no account ${JSON.stringify(name)}; \`crush user list\` shows all`);
  return user;
}
