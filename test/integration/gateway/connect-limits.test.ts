import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { RefusedError } from './client.ts';
import { createWorld, type World } from './world.ts';

/** All clients of these tests have one address, as behind a proxy. */
describe('connects in a short time', () => {
  let database: SqlDatabase;
  let world: World;
  beforeAll(async () => {
    database = await createPostgresTestDatabase(inject('postgresUrl'));
    world = await createWorld({
      database,
      limits: { failedConnectsPerAddressPerMinute: 3, connectsPerUserPerMinute: 4 },
    });
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  async function statusOf(attempt: Promise<{ terminate(): void }>): Promise<number> {
    try {
      (await attempt).terminate();
      return 101;
    } catch (error) {
      if (error instanceof RefusedError) return error.status;
      throw error;
    }
  }

  test("of stale tokens are refused in the end, and never stand in other users' way", async () => {
    const stale = await world.newUser();
    await database.repositories.logins.revoke(stale.loginSessionId, Date.now());
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push(await statusOf(world.connect(stale.token)));
    statuses.push(await statusOf(world.connect(null)));
    statuses.push(await statusOf(world.connect('a.b.c')));
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429, 429]);
    for (let n = 0; n < 3; n++) {
      const { token } = await world.newUser();
      expect(await statusOf(world.connect(token))).toBe(101);
    }
  });

  test('are counted for each user', async () => {
    const busy = await world.newUser();
    const other = await world.newUser();
    for (let n = 0; n < 4; n++) expect(await statusOf(world.connect(busy.token))).toBe(101);
    const refused = await world.connect(busy.token).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
    for (let n = 0; n < 4; n++) expect(await statusOf(world.connect(other.token))).toBe(101);
  });
});
