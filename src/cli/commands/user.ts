import { Command } from 'commander';
import { type CommonFlags, loadFromFlags, withCommonOptions } from '../common-options.ts';

export interface AddUserFlags extends CommonFlags {
  email: string;
  admin?: boolean;
}

const PASSWORD_NOTE =
  '\nThe password is the first line of standard input, or is asked for on a terminal; it is never an argument.';

export function userCommand(): Command {
  const command = new Command('user').description('manage accounts');
  command.addCommand(
    withCommonOptions(new Command('add'))
      .description('create an account')
      .argument('<username>')
      .requiredOption('--email <address>', 'e-mail address, which is what logs in')
      .option('--admin', 'make it an administrator')
      .addHelpText(
        'after',
        `${PASSWORD_NOTE}\n\nExample:\n  crush user add ada --email ada@example.com --admin`,
      )
      .action(async (username: string, flags: AddUserFlags) => {
        const { addUser } = await import('../user.ts');
        await addUser(await loadFromFlags(flags), {
          username,
          email: flags.email,
          admin: flags.admin === true,
        });
      }),
  );
  command.addCommand(
    withCommonOptions(new Command('list'))
      .description('list the accounts')
      .option('--json', 'as JSON')
      .addHelpText('after', '\nExample:\n  crush user list')
      .action(async (flags: CommonFlags & { json?: boolean }) => {
        const { printUsers } = await import('../user.ts');
        await printUsers(await loadFromFlags(flags), flags.json === true);
      }),
  );
  command.addCommand(
    withCommonOptions(new Command('disable'))
      .description('lock an account out: its logins end, its sockets close')
      .argument('<user>', 'username, e-mail address or id')
      .option('--undo', 'let it in again')
      .addHelpText('after', '\nExample:\n  crush user disable ada')
      .action(async (user: string, flags: CommonFlags & { undo?: boolean }) => {
        const { setAccess } = await import('../user.ts');
        await setAccess(await loadFromFlags(flags), user, flags.undo === true);
      }),
  );
  command.addCommand(
    withCommonOptions(new Command('set-password'))
      .description('replace the password; every login of the account ends')
      .argument('<user>', 'username, e-mail address or id')
      .addHelpText('after', `${PASSWORD_NOTE}\n\nExample:\n  crush user set-password ada < password.txt`)
      .action(async (user: string, flags: CommonFlags) => {
        const { replacePassword } = await import('../user.ts');
        await replacePassword(await loadFromFlags(flags), user);
      }),
  );
  return command;
}
