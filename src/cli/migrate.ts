import type { LoadedConfig } from '#config/load.ts';
import { migrationPlan, migrationStatus, type SqlDatabase } from '#infra/postgres/index.ts';
import { migrateOrExplain, openDatabase } from './compose/platform/database.ts';
import { openLog } from './compose/platform/logger.ts';

export async function runMigrate(
  { config }: LoadedConfig,
  mode: { status?: boolean; dryRun?: boolean },
): Promise<void> {
  const database = await openDatabase(config, openLog(config, 'migrate'));
  try {
    process.stdout.write(await textFor(database, mode));
  } finally {
    await database.close();
  }
}

async function textFor(
  database: SqlDatabase,
  { status, dryRun }: { status?: boolean; dryRun?: boolean },
): Promise<string> {
  if (status) {
    const { applied, pending, unknown } = await migrationStatus(database);
    const known = applied.filter((name) => !unknown.includes(name));
    const lines = [
      ...known.map((name) => `applied  ${name}`),
      ...unknown.map((name) => `unknown  ${name}`),
      ...pending.map((name) => `pending  ${name}`),
    ];
    return `${lines.join('\n')}\n`;
  }
  if (dryRun) return (await migrationPlan(database)) || 'nothing to do\n';
  const applied = await migrateOrExplain(database);
  return applied.length === 0
    ? 'the schema is up to date\n'
    : applied.map((name) => `applied ${name}\n`).join('');
}
