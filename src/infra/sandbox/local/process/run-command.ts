import { StringDecoder } from 'node:string_decoder';
import {
  cancelledBeforeStart,
  type ExecRequest,
  type ExecResult,
  WorkspaceError,
} from '#domain/workspace/index.ts';
import { unlessAborted } from '#shared/async/unless-aborted.ts';
import { createOutputBuffer, type OutputBuffer } from '#shared/output-buffer.ts';
import type { LaunchedProcess } from '../driver.ts';

/** Between TERM and KILL. */
const TERM_GRACE_MS = 2000;
/** A process that even KILL does not end (stuck in the kernel) is given up after this. */
const KILL_PATIENCE_MS = 5000;

export interface RunOptions {
  launch(): Promise<LaunchedProcess>;
  request: Pick<ExecRequest, 'stdin' | 'onOutput'>;
  timeoutMs: number;
  maxOutputBytes: number;
  /** Watches the running command; calls back with a reason when it has to end. Returns how to stop watching. */
  watch(exceeded: (reason: string) => void): () => void;
}

type Stop = { kind: 'cancelled' | 'timeout' } | { kind: 'exceeded'; reason: string };

/** Runs a command to its end; time-out, cancel and a full workspace end it with TERM and then KILL. */
export async function runCommand(options: RunOptions, signal: AbortSignal): Promise<ExecResult> {
  const startedAt = performance.now();
  if (signal.aborted) return cancelledBeforeStart(startedAt);
  const launched = await launchUnlessAborted(options.launch, signal);
  if (launched === null) return cancelledBeforeStart(startedAt);

  const stdout = collect(launched, 'stdout', options);
  const stderr = collect(launched, 'stderr', options);
  if (launched.stdin !== null) launched.stdin.end(options.request.stdin ?? '');

  const ending = createEnding(launched);
  const onAbort = (): void => ending.stop({ kind: 'cancelled' });
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => ending.stop({ kind: 'timeout' }), options.timeoutMs);
  const unwatch = options.watch((reason) => ending.stop({ kind: 'exceeded', reason }));
  try {
    const end = await ending.ended;
    const stopped = ending.stopped();
    if (end.hasNoResult && stopped === null) throwOnLaunchFailure(stderr);
    return {
      stdout: stdout.text(),
      stderr: stopped?.kind === 'exceeded' ? `${stderr.text()}\n${stopped.reason}\n` : stderr.text(),
      exitCode: stopped === null ? end.exitCode : null,
      signal: stopped === null ? end.signal : (end.signal ?? ending.lastSignal()),
      timedOut: stopped?.kind === 'timeout',
      cancelled: stopped?.kind === 'cancelled',
      truncatedBytes: stdout.truncatedBytes() + stderr.truncatedBytes(),
      durationMs: Math.round(performance.now() - startedAt),
    };
  } finally {
    clearTimeout(timer);
    unwatch();
    signal.removeEventListener('abort', onAbort);
    ending.dispose();
  }
}

/** Null when the signal came first; what was started then is ended in the background. */
async function launchUnlessAborted(
  launch: () => Promise<LaunchedProcess>,
  signal: AbortSignal,
): Promise<LaunchedProcess | null> {
  const launching = launch();
  const launched = await unlessAborted(launching, signal);
  if (launched === null) {
    launching.then(
      (late) => late.kill(),
      () => {},
    );
  }
  return launched;
}

function collect(launched: LaunchedProcess, name: 'stdout' | 'stderr', options: RunOptions): OutputBuffer {
  const buffer = createOutputBuffer(options.maxOutputBytes);
  const { onOutput } = options.request;
  const decoder = new StringDecoder('utf8');
  // Past the kept amount nothing more is forwarded: a flood must not reach the event stream.
  let forwardable = onOutput === undefined ? 0 : options.maxOutputBytes;
  const stream = launched[name];
  stream.on('data', (chunk: Buffer) => {
    buffer.push(chunk);
    if (onOutput === undefined || forwardable <= 0) return;
    const text = decoder.write(chunk.subarray(0, forwardable));
    forwardable -= chunk.length;
    if (text !== '') onOutput(name, text);
  });
  stream.on('end', () => {
    const rest = decoder.end();
    if (rest !== '' && forwardable > 0) onOutput?.(name, rest);
  });
  stream.on('error', () => {});
  return buffer;
}

function createEnding(launched: LaunchedProcess) {
  let stopped: Stop | null = null;
  let lastSignal: string | null = null;
  let timer: NodeJS.Timeout | null = null;
  let giveUp = (): void => {};
  const abandoned = new Promise<Awaited<LaunchedProcess['closed']>>((resolve) => {
    giveUp = () => resolve({ exitCode: null, signal: 'SIGKILL' });
  });

  function kill(): void {
    lastSignal = 'SIGKILL';
    launched.kill();
    timer = setTimeout(() => {
      launched.stdout.destroy();
      launched.stderr.destroy();
      giveUp();
    }, KILL_PATIENCE_MS);
  }

  return {
    ended: Promise.race([launched.closed, abandoned]),
    stopped: () => stopped,
    lastSignal: () => lastSignal,
    stop(reason: Stop): void {
      if (stopped !== null) return;
      stopped = reason;
      lastSignal = 'SIGTERM';
      if (reason.kind === 'exceeded') {
        kill();
      } else {
        launched.terminate();
        timer = setTimeout(kill, TERM_GRACE_MS);
      }
    },
    dispose(): void {
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** bubblewrap reports its own failures as `bwrap: …`. */
function throwOnLaunchFailure(stderr: OutputBuffer): void {
  const message = stderr.text();
  if (!message.startsWith('bwrap: ')) return;
  if (message.startsWith("bwrap: Can't chdir to")) {
    throw new WorkspaceError('not_found', 'The working directory does not exist.');
  }
  if (message.startsWith('bwrap: Race condition')) {
    throw new WorkspaceError('unavailable', 'The workspace directory has moved.');
  }
  throw new WorkspaceError('unavailable', `The sandbox did not start: ${message.slice(7).trim()}`);
}
