import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { processEnvironment } from '#config/environment.ts';
import { defaultDataDir } from '#config/paths.ts';
import type { ChatIo, ChatOptions } from './options.ts';

const EXAMPLES = `
Without a prompt this is a conversation. A prompt, as arguments or on standard input, runs one turn: the
answer goes to standard output, everything else to standard error, and the exit code is 0 only when the turn
completed. Nobody is asked then: what needs permission is denied unless --yes is given.

Examples:
  $ crush chat
  $ crush chat --project website "add a test for the login form"
  $ git diff | crush chat --yes "write a commit message for this change:" -
  $ CRUSH_PASSWORD=… crush chat --server https://crush.example.com --email me@example.com

Exit codes: 0 well, 1 failure, 2 usage or login refused, 3 the server cannot be reached, 130 interrupted.
`;

type Flags = Omit<ChatOptions, 'dataDir' | 'prompt'> & { dataDir?: string };

/** `crush chat`: a terminal client of the public protocol. */
export function chatCommand(): Command {
  return new Command('chat')
    .description('Talk to the agent of a running server')
    .argument('[prompt...]', 'run one turn with this prompt; - stands for standard input')
    .option(
      '--server <url>',
      'address of the server (default: the one that `crush serve` left in the data directory)',
    )
    .option('--ws-url <url>', 'address of a separate ws-server (default: /ws on the server)')
    .option('--project <name>', 'project to work in, created when missing (default: "default")')
    .addOption(new Option('--session <id>', 'continue this session').conflicts('project'))
    .option(
      '--email <address>',
      'log in as this user; the password is asked for or taken from CRUSH_PASSWORD',
    )
    .option('--register <username>', 'create the account first')
    .option('-y, --yes', 'one turn: allow whatever the agent asks for')
    .option('--data-dir <path>', 'where `crush serve` keeps its data')
    .addHelpText('after', EXAMPLES)
    .action(async (prompt: string[], flags: Flags) => {
      const [{ runChat }, { expandHome }] = await Promise.all([
        import('./chat.ts'),
        import('#config/home.ts'),
      ]);
      const env = processEnvironment();
      const given = flags.dataDir ?? defaultDataDir(env, homedir());
      const dataDir = resolve(expandHome(given, env, flags.dataDir ? '--data-dir' : 'CRUSH_DATA_DIR'));
      process.exitCode = await runChat({ ...flags, dataDir, prompt }, processIo());
    });
}

function processIo(): ChatIo {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isTTY: process.stdin.isTTY === true && process.stdout.isTTY === true,
    env: processEnvironment(),
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
  };
}
