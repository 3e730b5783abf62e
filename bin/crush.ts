import { Command, CommanderError } from 'commander';
import { attachCommand } from '#cli/attach/command.ts';
import { chatCommand } from '#cli/chat/command.ts';
import { configCommand } from '#cli/commands/config.ts';
import { doctorCommand } from '#cli/commands/doctor.ts';
import { migrateCommand } from '#cli/commands/migrate.ts';
import {
  httpServerCommand,
  sandboxServerCommand,
  serveCommand,
  wsServerCommand,
} from '#cli/commands/servers.ts';
import { userCommand } from '#cli/commands/user.ts';
import { reportFatal } from '#cli/run-service.ts';
import { VERSION } from '#shared/version.ts';

function program(): Command {
  const root = new Command('crush')
    .description('Self-hosted, multi-user coding-agent platform')
    .version(VERSION, '-v, --version');
  const commands = [
    serveCommand(),
    httpServerCommand(),
    wsServerCommand(),
    sandboxServerCommand(),
    migrateCommand(),
    chatCommand(),
    attachCommand(),
    userCommand(),
    configCommand(),
    doctorCommand(),
  ];
  for (const command of commands) root.addCommand(command);
  return throwing(root);
}

/** Usage errors set our exit code instead of commander's and name the help; `addCommand` inherits nothing. */
function throwing(command: Command, name = command.name()): Command {
  command.exitOverride().showHelpAfterError(`(try: ${name} --help)`);
  for (const child of command.commands) throwing(child as Command, `${name} ${child.name()}`);
  return command;
}

program()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else reportFatal(error, process.stderr);
  });
