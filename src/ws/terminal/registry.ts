import { DomainError } from '#domain/errors.ts';
import type { Bus } from '#domain/events/index.ts';
import type { TerminalEndReason } from '#domain/protocol/terminal/server-frames.ts';
import type { OpenTerminal, TerminalExit, Terminals } from '#domain/terminal/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { TERMINAL_LIMITS, type TerminalLimits } from './limits.ts';
import { terminalProgram } from './pty-program.ts';
import { createTerminal, type LiveTerminal } from './terminal.ts';

/** What is recorded of a terminal among the jobs of its session. */
export interface TerminalJob {
  command: string;
  description: string;
  done: Promise<{ exitCode: number | null; signal: string | null }>;
  kill(): Promise<void>;
}

/** The record of a terminal, which gets its output. */
export interface TerminalRecord {
  jobId: string;
  output(bytes: Buffer): void;
}

export interface TerminalRegistryDeps {
  bus: Pick<Bus, 'subscribe'>;
  /** Throws `WorkspaceError` when a session has too many jobs. */
  record(sessionId: string, job: TerminalJob): TerminalRecord;
  limits?: Partial<TerminalLimits>;
  clock: Clock;
  log: Log;
}

export interface TerminalRegistry extends Terminals {
  /** Ends all of them. Idempotent. */
  close(): Promise<void>;
}

/** The terminals of this process: how many, and for how long. */
export function createTerminalRegistry(deps: TerminalRegistryDeps): TerminalRegistry {
  const { clock, log } = deps;
  const limits: TerminalLimits = { ...TERMINAL_LIMITS, ...deps.limits };
  const terminals = new Map<string, LiveTerminal>();
  /** Users whose terminals are being started, one entry for each. */
  const starting: string[] = [];
  let closing: Promise<void> | null = null;

  const of = (userId: string) => [...terminals.values()].filter((one) => one.userId === userId);

  function endAll(which: (one: LiveTerminal) => boolean, reason: TerminalEndReason): void {
    for (const one of [...terminals.values()].filter(which)) {
      one.end(reason).catch((error: unknown) => log.warn({ err: error }, 'terminal not ended'));
    }
  }

  const unsubscribe = [
    // A logout leaves the user's other logins, and their terminals, alone.
    deps.bus.subscribe('access_revoked', ({ userId, loginSessionId }) => {
      if (loginSessionId === undefined) endAll((one) => one.userId === userId, 'access_revoked');
    }),
    deps.bus.subscribe('project_deleted', ({ projectId }) => {
      endAll((one) => one.projectId === projectId, 'closed');
    }),
  ];
  const ticker = setInterval(() => {
    const now = clock.now();
    for (const one of [...terminals.values()]) {
      const endedAt = one.endedAt();
      if (endedAt !== null && now - endedAt >= limits.keepEndedMs) terminals.delete(one.id);
      const reason = one.tick(now);
      if (reason !== null) endAll((other) => other === one, reason);
    }
  }, limits.tickMs);
  ticker.unref();

  function refuseTooMany(userId: string): void {
    const running = of(userId).filter((one) => one.endedAt() === null).length;
    const begun = starting.filter((one) => one === userId).length;
    if (running + begun < limits.perUser) return;
    throw new DomainError(
      'too_many_requests',
      limits.perUser === 0
        ? 'This server has no terminals'
        : `You have ${limits.perUser} terminals; close one of them first`,
    );
  }

  function forgetOldest(userId: string): void {
    const over = of(userId).filter((one) => one.endedAt() !== null);
    for (const one of over.slice(0, Math.max(0, over.length - limits.endedPerUser))) terminals.delete(one.id);
  }

  async function start(request: OpenTerminal): Promise<LiveTerminal> {
    const { userId, sessionId, workspace, size } = request;
    const process = await workspace.spawn(terminalProgram(size));
    const id = newId();
    let record: TerminalRecord | null = null;
    const terminal = createTerminal({
      id,
      userId,
      projectId: workspace.projectId,
      sessionId,
      size,
      process,
      limits,
      clock,
      onOutput: (bytes) => record?.output(bytes),
    });
    if (sessionId !== undefined) record = await recorded(sessionId, terminal);
    return terminal;
  }

  async function recorded(sessionId: string, terminal: LiveTerminal): Promise<TerminalRecord> {
    try {
      const record = deps.record(sessionId, {
        command: 'bash -i',
        description: 'A terminal of the user',
        done: terminal.ended.then(({ exitCode, signal }: TerminalExit) => ({ exitCode, signal })),
        kill: () => terminal.end('closed'),
      });
      terminal.setJob(record.jobId);
      return record;
    } catch (error) {
      await terminal.end('closed');
      throw error;
    }
  }

  return {
    async open(request) {
      const { userId } = request;
      refuseTooMany(userId);
      starting.push(userId);
      try {
        const terminal = await start(request);
        terminals.set(terminal.id, terminal);
        void terminal.ended.then(() => forgetOldest(userId));
        if (closing === null) return terminal;
        await terminal.end('server_stopped');
        throw new WorkspaceError('unavailable', 'The server is shutting down');
      } finally {
        starting.splice(starting.indexOf(userId), 1);
      }
    },
    get(userId, id) {
      const found = terminals.get(id);
      return found?.userId === userId ? found : null;
    },
    list: of,
    close() {
      closing ??= (async () => {
        clearInterval(ticker);
        for (const stop of unsubscribe) stop();
        await Promise.allSettled([...terminals.values()].map((one) => one.end('server_stopped')));
      })();
      return closing;
    },
  };
}
