import type { Readable } from 'node:stream';
import type { LaunchedProcess } from '../driver.ts';
import type { Channels } from '../process/channels.ts';
import { childrenOf, signalQuietly } from '../process/child.ts';

type Exit = Awaited<LaunchedProcess['closed']>;

/**
 * What bwrap reports by `--json-status-fd`: a line with `child-pid` when it has made a process, and one with
 * `exit-code` when a command that did begin has ended.
 */
const EXIT_CODE = /"exit-code": (\d+)/;

/** A sandbox by its monitor, the process that bwrap leaves outside. */
export function sandboxProcess(
  channels: Channels,
  { monitor, parent }: { monitor: number; parent: number },
): LaunchedProcess {
  const { stdin, stdout, stderr, report } = channels;
  let lastSignal: NodeJS.Signals | null = null;
  // Its number is nobody else's as long as its parent has it.
  const isThere = (): boolean => childrenOf(parent).includes(monitor);
  // The monitor's only child is the first process inside: its group is the command's, its end is everyone's.
  const inside = (): number | undefined => (isThere() ? childrenOf(monitor)[0] : undefined);

  function send(signal: NodeJS.Signals, toGroup: boolean): void {
    lastSignal = signal;
    const first = inside();
    if (first !== undefined) signalQuietly(toGroup ? -first : first, signal);
    else if (isThere()) signalQuietly(monitor, 'SIGKILL');
  }

  stdin?.writer.on('error', () => {});
  return {
    stdin: stdin?.writer ?? null,
    stdout: stdout.reader,
    stderr: stderr.reader,
    closed: whenClosed([stdout.reader, stderr.reader], report.reader, () => lastSignal),
    terminate: () => send('SIGTERM', true),
    kill: () => send('SIGKILL', false),
  };
}

/** The first process of a sandbox keeps its output open, so both ends mean that nothing of it lives. */
async function whenClosed(
  output: readonly Readable[],
  report: Readable,
  lastSignal: () => string | null,
): Promise<Exit> {
  const ends = output.map((reader) => new Promise((resolve) => reader.once('close', resolve)));
  let text = '';
  report.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  report.on('error', () => {});
  await new Promise((resolve) => report.once('close', resolve));
  await Promise.all(ends);
  const code = EXIT_CODE.exec(text)?.[1];
  if (code !== undefined) return { exitCode: Number(code), signal: null };
  return { exitCode: null, signal: lastSignal() ?? 'SIGKILL', hasNoResult: true };
}
