import { Command } from 'commander';
import { type CommonFlags, loadFromFlags, withCommonOptions, withHost } from '../common-options.ts';

export function sandboxServerCommand(): Command {
  return withHost(withCommonOptions(new Command('sandbox-server')))
    .description('run commands and file operations of workspaces for other servers; needs bubblewrap')
    .option('--port <port>', 'port to listen on')
    .addHelpText(
      'after',
      '\nExample:\n  CRUSH_SANDBOX__TOKEN=<32 bytes or more> crush sandbox-server --host 10.0.0.5 --port 8888',
    )
    .action(async (flags: CommonFlags) => {
      const { sandboxServer } = await import('../sandbox-server.ts');
      await sandboxServer(await loadFromFlags(flags));
    });
}
