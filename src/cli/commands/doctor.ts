import { Command } from 'commander';
import { type CommonFlags, loadFromFlags, withCommonOptions } from '../common-options.ts';

export function doctorCommand(): Command {
  return withCommonOptions(new Command('doctor'))
    .description('check this machine and the configuration; say what to install or change')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  crush doctor --config /etc/crush/config.yaml')
    .action(async (flags: CommonFlags & { json?: boolean }) => {
      const { runDoctor } = await import('../doctor.ts');
      await runDoctor(() => loadFromFlags(flags), { json: flags.json === true });
    });
}
