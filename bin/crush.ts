import { Command, CommanderError } from 'commander';
import { chatCommand } from '#cli/chat/command.ts';
import { configCommand } from '#cli/commands/config.ts';
import { migrateCommand } from '#cli/commands/migrate.ts';
import { sandboxServerCommand } from '#cli/commands/sandbox-server.ts';
import { httpServerCommand, serveCommand, wsServerCommand } from '#cli/commands/servers.ts';
import { userCommand } from '#cli/commands/user.ts';
import { reportFatal } from '#cli/run-service.ts';
import { VERSION } from '#shared/version.ts';

function program(): Command {
  const root = new Command('crush')
    .description('Self-hosted, multi-user coding-agent platform')
    .version(VERSION, '-v, --version')
    .showHelpAfterError('(try: crush --help)')
    .exitOverride();
  const commands = [
    serveCommand(),
    httpServerCommand(),
    wsServerCommand(),
    sandboxServerCommand(),
    migrateCommand(),
    chatCommand(),
    userCommand(),
    configCommand(),
  ];
  for (const command of commands) root.addCommand(command);
  return root;
}

program()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else reportFatal(error, process.stderr);
  });
