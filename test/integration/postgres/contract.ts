import { afterAll, beforeAll, describe, inject } from 'vitest';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createTestDatabase, DATABASE_KINDS } from '../../harness/database.ts';

/** Runs the suite against both databases, each fresh and its own. */
export function describeDatabases(name: string, suite: (database: () => SqlDatabase) => void): void {
  describe.each(DATABASE_KINDS)(`${name} on %s`, (kind) => {
    let database: SqlDatabase | undefined;
    beforeAll(async () => {
      database = await createTestDatabase(kind, inject('postgresUrl'));
    });
    afterAll(() => database?.close());
    suite(() => {
      if (!database) throw new Error('the database is not there yet');
      return database;
    });
  });
}
