import { Command } from 'commander';
import { type CommonFlags, loadFromFlags, withCommonOptions } from '../common-options.ts';

export function configCommand(): Command {
  const command = new Command('config').description('show what is configured and what can be');
  command.addCommand(
    withCommonOptions(new Command('show'))
      .description('print the configuration in force: secrets masked, each value with its origin')
      .option('--json', 'as JSON, without the origins')
      .addHelpText('after', '\nExample:\n  crush config show --config /etc/crush/config.yaml')
      .action(async (flags: CommonFlags & { json?: boolean }) => {
        const loaded = await loadFromFlags(flags);
        const { describeConfig, redactConfig } = await import('#config/redact.ts');
        const text = flags.json
          ? `${JSON.stringify(redactConfig(loaded.config), null, 2)}\n`
          : describeConfig(loaded);
        process.stdout.write(text);
      }),
  );
  command.addCommand(
    new Command('schema')
      .description('print the JSON Schema of config.yaml')
      .addHelpText('after', '\nExample:\n  crush config schema > config.schema.json')
      .action(async () => {
        const [{ ConfigSchema }, { toJSONSchema }] = await Promise.all([
          import('#config/schema/index.ts'),
          import('zod'),
        ]);
        process.stdout.write(`${JSON.stringify(toJSONSchema(ConfigSchema, { io: 'input' }), null, 2)}\n`);
      }),
  );
  return command;
}
