import { Command } from 'commander';
import { type CommonFlags, loadFromFlags, withCommonOptions } from '../common-options.ts';

export interface MigrateFlags extends CommonFlags {
  status?: boolean;
  dryRun?: boolean;
}

export function migrateCommand(): Command {
  return withCommonOptions(new Command('migrate'))
    .description('bring the database schema up to date')
    .option('--status', 'list the migrations and change nothing')
    .option('--dry-run', 'print the SQL and change nothing')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://crush@db/crush crush migrate')
    .action(async (flags: MigrateFlags) => {
      const { runMigrate } = await import('../migrate.ts');
      await runMigrate(await loadFromFlags(flags), flags);
    });
}
