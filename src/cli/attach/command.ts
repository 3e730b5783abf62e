import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { processEnvironment } from '#config/environment.ts';
import { defaultDataDir } from '#config/paths.ts';
import type { AttachFlags } from './attach.ts';

const HELP = `
Shows a terminal of a project's workspace: the youngest that runs and that nobody shows, or else a new one.
Ctrl-\\ detaches; the terminal goes on, and \`crush attach\` comes back to it. It ends with \`exit\`.

Examples:
  $ crush attach
  $ crush attach website
  $ crush attach --new website
`;

/** `crush attach`: a shell in a workspace. */
export function attachCommand(): Command {
  return new Command('attach')
    .description("Open a terminal in a project's workspace, or come back to one")
    .argument('[project]', 'name or id of a project, or id of a session (default: "default")')
    .option('--new', 'a new terminal, whatever runs')
    .option('--server <url>', 'address of the server (default: that of `crush serve` on this machine)')
    .option('--ws-url <url>', 'address of a separate ws-server (default: /ws on the server)')
    .option('--email <address>', 'log in as this user; the password is taken from CRUSH_PASSWORD')
    .option('--data-dir <path>', 'where `crush serve` keeps its data')
    .addHelpText('after', HELP)
    .action(async (place: string | undefined, flags: Omit<AttachFlags, 'dataDir'> & { dataDir?: string }) => {
      const [{ runAttach }, { expandHome }] = await Promise.all([
        import('./attach.ts'),
        import('#config/home.ts'),
      ]);
      const env = processEnvironment();
      const given = flags.dataDir ?? defaultDataDir(env, homedir());
      const dataDir = resolve(expandHome(given, env, flags.dataDir ? '--data-dir' : 'CRUSH_DATA_DIR'));
      process.exitCode = await runAttach({ ...flags, place, dataDir }, { process, env });
    });
}
