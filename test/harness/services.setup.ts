import type { TestProject } from 'vitest/node';
import { migrateTemplate } from './database.ts';
import { cachedPgliteTemplate } from './pglite-template.ts';
import { startPostgres, type TestService } from './postgres.ts';
import { startRedis } from './redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the maintenance database; tests make their own with `createTestDatabase`. */
    postgresUrl: string;
    redisUrl: string;
  }
}

/** One private PostgreSQL and one private Redis for the project's test files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await Promise.allSettled([startPostgres(), startRedis()]);
  const services = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const teardown = async () => {
    await Promise.all(services.map((service: TestService) => service.close()));
  };
  try {
    const [postgres, redis] = started;
    if (postgres.status === 'rejected') throw postgres.reason;
    if (redis.status === 'rejected') throw redis.reason;
    await migrateTemplate(postgres.value.url);
    // Made here once, not by each of the files that need it first.
    await cachedPgliteTemplate();
    project.provide('postgresUrl', postgres.value.url);
    project.provide('redisUrl', redis.value.url);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
