import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { configError } from '#config/errors.ts';

/** The first line of standard input; on a terminal it is asked for and not echoed. */
export async function readPassword(): Promise<string> {
  const interactive = process.stdin.isTTY === true;
  if (interactive) process.stderr.write('Password: ');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: interactive });
  try {
    for await (const line of lines) {
      if (line !== '') return line;
      break;
    }
  } finally {
    lines.close();
    if (interactive) process.stderr.write('\n');
  }
  throw configError('no password was given (standard input is empty)');
}
