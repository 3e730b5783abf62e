import { expirePermissions } from '#domain/permission/index.ts';
import type { Lease, Turn } from '#domain/turn/index.ts';
import { within } from '#shared/async/within.ts';
import { randomToken } from '#shared/ids.ts';
import type { AgentDeps } from '../ports.ts';
import { createProjectFactsReader } from '../prompt/project-facts.ts';
import { builtInTools } from '../tools/registry.ts';
import type { RunnerDeps } from '../turn/claimed-turn.ts';
import { runTurn } from '../turn/runner.ts';
import { type AbortKind, TurnAbort } from './abort.ts';

const SWEEP_BATCH = 50;
const DRAIN_MS = 10_000;
/** How long commands may still end by themselves when the process stops. */
const DRAIN_GRACE_MS = 500;

export interface Coordinator {
  /** Claims turns from now on, and takes part in the sweeps. */
  start(): void;
  /** Hands running turns back to the queue, ends background jobs. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>;
}

interface ActiveTurn {
  turn: Turn;
  lease: Lease;
  claimedAt: number;
  signal: AbortController;
  pause: AbortController;
  timeout: NodeJS.Timeout;
  ended: Promise<unknown>;
}

/** Runs queued turns in this process, as many at a time as the settings allow. */
export function createCoordinator(deps: AgentDeps): Coordinator {
  const { settings, intervals, jobs, log } = deps;
  const owner = randomToken(96);
  const ctx = deps.contexts({ actor: { kind: 'system' }, requestId: `coordinator:${owner}` });
  const { turns } = ctx.repositories;
  const active = new Map<string, ActiveTurn>();
  const tasks = new Set<Promise<void>>();
  const taskStop = new AbortController();
  const orphans = new Set<string>();
  const timers: NodeJS.Timeout[] = [];
  const unsubscribe: Array<() => void> = [];
  let closing: Promise<void> | null = null;
  let renewedAt = 0;

  const runner: RunnerDeps = {
    ...deps,
    facts: createProjectFactsReader({ clock: deps.clock, isolated: deps.workspaces.isolated }),
    tools: builtInTools(),
    background(task) {
      const running = task(taskStop.signal)
        .catch((error: unknown) => log.warn({ err: error }, 'background work of a turn failed'))
        .finally(() => tasks.delete(running));
      tasks.add(running);
    },
  };

  function abort(item: ActiveTurn, kind: AbortKind): void {
    if (!item.signal.signal.aborted) item.signal.abort(new TurnAbort(kind));
  }

  const pump = singly(async () => {
    while (closing === null && active.size < settings.maxWorkers) {
      const claimedAt = performance.now();
      const claimed = await turns.claim(owner, intervals.lease, settings.maxRunningPerUser);
      if (!claimed) return;
      launch({ ...claimed, claimedAt });
      if (!claimed.more) return;
    }
  });

  function launch(claimed: { turn: Turn; lease: Lease; takenOver: boolean; claimedAt: number }): void {
    const { turn, lease, takenOver, claimedAt } = claimed;
    const signal = new AbortController();
    const pause = new AbortController();
    const timeout = setTimeout(() => abort(item, 'timeout'), settings.taskTimeoutMs);
    const item: ActiveTurn = { turn, lease, claimedAt, signal, pause, timeout, ended: Promise.resolve() };
    active.set(turn.id, item);
    if (closing !== null) pause.abort();
    const startedAt = performance.now();
    item.ended = runTurn(runner, {
      turn,
      lease,
      takenOver,
      signal: signal.signal,
      pause: pause.signal,
      abortLost: () => abort(item, 'lease_lost'),
    }).then((end) => {
      clearTimeout(timeout);
      active.delete(turn.id);
      const fields = { session_id: turn.sessionId, turn_id: turn.id, end, attempt: turn.attempt };
      log.info({ ...fields, duration_ms: Math.round(performance.now() - startedAt) }, 'turn');
      pump();
    });
  }

  const renew = singly(async () => {
    if (active.size === 0) return;
    const sentAt = performance.now();
    const before = [...active.values()];
    const held = await turns.renew(owner, intervals.lease);
    renewedAt = sentAt;
    for (const item of before) {
      const lease = held.find(
        ({ sessionId, token }) => sessionId === item.lease.sessionId && token === item.lease.token,
      );
      if (!lease) abort(item, 'lease_lost');
      else if (lease.cancelRequested) abort(item, 'cancel');
    }
    await releaseOrphans(held);
  });

  /** A claim whose answer was lost leaves a lease that nobody uses; it is let go at the second look. */
  async function releaseOrphans(held: ReadonlyArray<{ sessionId: string; token: number }>): Promise<void> {
    const known = new Set([...active.values()].map(({ lease }) => `${lease.sessionId}:${lease.token}`));
    const unknown = held.filter(({ sessionId, token }) => !known.has(`${sessionId}:${token}`));
    const seen = unknown.filter(({ sessionId, token }) => orphans.has(`${sessionId}:${token}`));
    orphans.clear();
    for (const { sessionId, token } of unknown) orphans.add(`${sessionId}:${token}`);
    for (const { sessionId, token } of seen) await turns.release({ sessionId, owner, token });
  }

  function fence(): void {
    const now = performance.now();
    for (const item of active.values()) {
      if (now - Math.max(item.claimedAt, renewedAt) > intervals.selfFence) abort(item, 'lease_lost');
    }
  }

  const sweep = singly(async () => {
    if (closing !== null) return;
    const requeued = await turns.requeueExpired(SWEEP_BATCH, intervals.quarantine);
    if (requeued.length > 0) {
      log.warn({ turn_ids: requeued.map(({ id }) => id) }, 'turns of a lost owner are queued again');
    }
    const expired = await expirePermissions(ctx);
    if (requeued.length > 0 || expired > 0) pump();
  });

  async function checkCancel(sessionId: string): Promise<void> {
    for (const item of active.values()) {
      if (item.turn.sessionId !== sessionId) continue;
      // A late hint must not stop the turn after the one that it was meant for.
      if ((await turns.get(item.turn.id))?.cancelRequested) abort(item, 'cancel');
    }
  }

  /** Runs one at a time; a call during a run makes it run once more. Failures are logged. */
  function singly(task: () => Promise<void>): () => void {
    let state: 'idle' | 'running' | 'again' = 'idle';
    const run = async () => {
      do {
        state = 'running';
        await task().catch((error: unknown) => log.warn({ err: error }, 'coordinator: database call failed'));
      } while (wasCalledAgain());
      state = 'idle';
    };
    const wasCalledAgain = () => state === 'again';
    return () => {
      if (state !== 'idle') state = 'again';
      else void run();
    };
  }

  async function drain(drainMs: number): Promise<void> {
    const ended = () => Promise.allSettled([...active.values()].map((item) => item.ended));
    for (const item of active.values()) item.pause.abort();
    const grace = Math.min(DRAIN_GRACE_MS, drainMs / 2);
    await within(ended(), grace, () => {});
    for (const item of active.values()) abort(item, 'drain');
    await within(ended(), Math.max(0, drainMs - grace), () => {});
    taskStop.abort();
    await within(Promise.allSettled(tasks), grace, () => {});
  }

  return {
    start() {
      if (closing !== null || timers.length > 0) return;
      unsubscribe.push(
        deps.bus.subscribe('turn_queued', pump),
        deps.bus.subscribe('turn_cancel', ({ sessionId }) => {
          checkCancel(sessionId).catch((error: unknown) =>
            log.debug({ err: error }, 'cancel hint not checked'),
          );
        }),
        deps.bus.subscribe('session_deleted', ({ sessionId }) => {
          for (const item of active.values())
            if (item.turn.sessionId === sessionId) abort(item, 'lease_lost');
          jobs.closeSession(sessionId).catch((error: unknown) => log.warn({ err: error }, 'jobs not ended'));
        }),
      );
      timers.push(
        setInterval(pump, intervals.poll),
        setInterval(renew, intervals.renew),
        setInterval(fence, intervals.poll),
        setInterval(sweep, intervals.sweep),
      );
      sweep();
      pump();
    },
    close({ drainMs = DRAIN_MS } = {}) {
      closing ??= (async () => {
        for (const stop of unsubscribe.splice(0)) stop();
        await drain(drainMs);
        for (const timer of timers.splice(0)) clearInterval(timer);
        for (const item of active.values()) clearTimeout(item.timeout);
        await jobs.close();
      })();
      return closing;
    },
  };
}
