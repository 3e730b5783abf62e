import { DomainError } from '#domain/errors.ts';
import type { TerminalEndReason } from '#domain/protocol/terminal/server-frames.ts';
import type { Terminal, TerminalExit, TerminalSize } from '#domain/terminal/index.ts';
import type { WorkspaceProcess } from '#domain/workspace/index.ts';
import { within } from '#shared/async/within.ts';
import type { Clock } from '#shared/clock.ts';
import { createScrollback } from '#shared/scrollback.ts';
import { type Attached, createAttached } from './attachment.ts';
import type { TerminalLimits } from './limits.ts';
import { HANG_UP_MESSAGE, inputMessage, resizeMessage, signalMessage } from './pty-program.ts';

const HANG_UP_GRACE_MS = 500;

export interface TerminalDeps {
  id: string;
  userId: string;
  projectId: string;
  sessionId?: string;
  size: TerminalSize;
  process: WorkspaceProcess;
  limits: TerminalLimits;
  clock: Clock;
  /** Gets all output as it comes; must not throw. */
  onOutput?: (bytes: Buffer) => void;
}

export interface LiveTerminal extends Terminal {
  /** Resolves when nothing of it runs and its output is complete. */
  readonly ended: Promise<TerminalExit>;
  endedAt(): number | null;
  setJob(jobId: string): void;
  /** Why it has to end by now, if it has to. Also detaches clients that lag for too long. */
  tick(now: number): TerminalEndReason | null;
}

/** A terminal whose program waits while a client lags, and whose memory is its scrollback. */
export function createTerminal(deps: TerminalDeps): LiveTerminal {
  const { id, userId, projectId, sessionId, process, limits, clock } = deps;
  const scrollback = createScrollback(limits.scrollbackBytes);
  const attached = new Set<Attached>();
  const createdAt = clock.now();
  let size = deps.size;
  let jobId: string | undefined;
  let exit: TerminalExit | null = null;
  let endedAt: number | null = null;
  let reason: TerminalEndReason | undefined;
  let usedAt = createdAt;
  let detachedAt = createdAt;
  let isPaused = false;

  function regulate(): void {
    if (reason !== undefined) return;
    const lag = Math.max(0, ...[...attached].map((one) => one.lag()));
    if (!isPaused && lag >= limits.pauseBytes) process.stdout.pause();
    else if (isPaused && lag < limits.pauseBytes / 2) process.stdout.resume();
    else return;
    isPaused = !isPaused;
  }

  process.stdin.on('error', () => {});
  process.stderr.resume();
  process.stdout.on('data', (chunk: Buffer) => {
    usedAt = clock.now();
    scrollback.push(chunk);
    deps.onOutput?.(chunk);
    for (const one of attached) one.pump();
    regulate();
  });
  const drained = new Promise<void>((resolve) => {
    process.stdout.once('error', () => resolve());
    process.stdout.once('close', () => resolve());
    if (process.stdout.destroyed) resolve();
  });
  const ended = process.exited.then(async ({ exitCode, signal }) => {
    await drained;
    exit = { exitCode, signal, ...(reason !== undefined && { reason }) };
    endedAt = clock.now();
    for (const one of [...attached]) one.pump();
    return exit;
  });

  function write(...pieces: Array<string | Buffer>): void {
    if (endedAt !== null || process.stdin.destroyed || process.stdin.writableEnded) return;
    for (const piece of pieces) process.stdin.write(piece);
  }

  return {
    id,
    userId,
    projectId,
    ended,
    endedAt: () => endedAt,
    setJob(given) {
      jobId = given;
    },
    view: () => ({
      id,
      project_id: projectId,
      session_id: sessionId,
      job_id: jobId,
      ...size,
      clients: attached.size,
      offset: scrollback.end(),
      created_at: createdAt,
      is_running: endedAt === null,
    }),
    attach(client, from) {
      const kept = from === undefined ? scrollback.firstLine() : Math.max(from, scrollback.start());
      const one = createAttached({
        client,
        scrollback,
        limits,
        from: Math.min(kept, scrollback.end()),
        exit: () => exit,
        now: () => clock.now(),
        onChange: regulate,
        onGone(gone) {
          attached.delete(gone);
          if (attached.size === 0) detachedAt = clock.now();
          regulate();
        },
      });
      attached.add(one);
      return one;
    },
    input(bytes) {
      if (process.stdin.writableLength + bytes.length > limits.inputBytes) {
        throw new DomainError('overloaded', 'The program in the terminal does not read its input', {
          retryAfterSeconds: 1,
        });
      }
      usedAt = clock.now();
      if (bytes.length > 0) write(...inputMessage(bytes));
    },
    resize(next) {
      if (next.rows === size.rows && next.cols === size.cols) return;
      size = next;
      write(resizeMessage(next));
    },
    signal: (signal) => write(signalMessage(signal)),
    async end(why) {
      if (endedAt !== null) return;
      reason ??= why;
      // What is not read would keep the end from coming.
      process.stdout.resume();
      write(HANG_UP_MESSAGE);
      await within(process.exited, HANG_UP_GRACE_MS, () => {});
      await process.kill();
      await ended;
    },
    tick(now) {
      if (endedAt !== null) return null;
      if (isPaused) {
        for (const one of [...attached]) {
          const isLagging = one.lag() >= limits.pauseBytes / 2;
          if (isLagging && now - one.progressAt() >= limits.lagMs) one.drop('lagging');
        }
      }
      if (now - createdAt >= limits.lifeMs) return 'time_limit';
      if (now - usedAt >= limits.idleMs) return 'idle';
      return attached.size === 0 && now - detachedAt >= limits.detachedMs ? 'idle' : null;
    },
  };
}
