import { DomainError, isDomainError } from '#domain/errors.ts';
import type { Bus } from '#domain/events/index.ts';
import type { FrontendRequest, Frontends } from '#domain/frontend/index.ts';
import type { WorkspaceProvider } from '#domain/workspace/index.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { FRONTEND_LIMITS, type FrontendLimits } from './limits.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

export interface FrontendRegistryDeps {
  workspaces: Pick<WorkspaceProvider, 'open'>;
  /** Throws when the project may not run anything any more. */
  check(request: FrontendRequest): Promise<void>;
  bus: Pick<Bus, 'subscribe'>;
  limits?: Partial<FrontendLimits>;
  clock: Clock;
  log: Log;
}

export interface FrontendRegistry extends Frontends {
  /** Ends all of them. Idempotent. */
  close(): Promise<void>;
}

interface Entry {
  request: FrontendRequest;
  supervisor: Supervisor;
}

/** The start commands of this process: how many, for whom, and for how long. */
export function createFrontendRegistry(deps: FrontendRegistryDeps): FrontendRegistry {
  const { workspaces, check, clock, log } = deps;
  const limits: FrontendLimits = { ...FRONTEND_LIMITS, ...deps.limits };
  const entries = new Map<string, Entry>();
  let closing: Promise<void> | null = null;

  const isActive = ({ supervisor }: Entry) => supervisor.endedAt() === null;
  const of = (userId: string) => [...entries.values()].filter(({ request }) => request.userId === userId);

  function endAll(which: (request: FrontendRequest) => boolean, why: string): void {
    for (const { request, supervisor } of entries.values()) if (which(request)) void supervisor.stop(why);
  }

  async function refusal(request: FrontendRequest): Promise<string | null> {
    try {
      await check(request);
      return null;
    } catch (error) {
      return isDomainError(error) && error.code !== 'unavailable' ? error.message : null;
    }
  }

  /** Hints may be lost. */
  async function lookAgain(): Promise<void> {
    const now = clock.now();
    for (const [projectId, entry] of [...entries]) {
      const endedAt = entry.supervisor.endedAt();
      if (endedAt !== null && now - endedAt >= limits.keepEndedMs) entries.delete(projectId);
      const why = endedAt === null ? await refusal(entry.request) : null;
      if (why !== null) void entry.supervisor.stop(why);
    }
  }

  function forgetOldest(userId: string): void {
    const over = of(userId).filter((one) => !isActive(one));
    over.sort((a, b) => (a.supervisor.endedAt() ?? 0) - (b.supervisor.endedAt() ?? 0));
    for (const { request } of over.slice(0, Math.max(0, over.length - limits.endedPerUser))) {
      entries.delete(request.projectId);
    }
  }

  function refuseTooMany(userId: string): void {
    if (of(userId).filter(isActive).length < limits.perUser) return;
    throw new DomainError(
      'too_many_requests',
      limits.perUser === 0
        ? 'This server runs no start commands'
        : `The start commands of ${limits.perUser} of your projects run; stop one of them first`,
    );
  }

  const unsubscribe = [
    // A logout leaves the user's other logins, and what they started, alone.
    deps.bus.subscribe('access_revoked', ({ userId, loginSessionId }) => {
      if (loginSessionId === undefined) {
        endAll((request) => request.userId === userId, 'Your access was revoked; start it again');
      }
    }),
    deps.bus.subscribe('project_deleted', ({ projectId }) => {
      endAll((request) => request.projectId === projectId, 'This project is being deleted');
    }),
  ];
  const ticker = setInterval(() => void lookAgain(), limits.freshMs);
  ticker.unref();

  return {
    start(request) {
      const { projectId, userId } = request;
      if (closing !== null) throw new DomainError('draining', 'The server is shutting down');
      const before = entries.get(projectId);
      if (before && isActive(before)) {
        throw new DomainError('conflict', 'The start command of this project runs already; stop it first');
      }
      refuseTooMany(userId);
      const supervisor = createSupervisor({
        request,
        workspaces,
        refusal: () => refusal(request),
        limits,
        clock,
        log,
      });
      entries.delete(projectId);
      entries.set(projectId, { request, supervisor });
      void supervisor.ended.then(() => forgetOldest(userId));
      return supervisor.status();
    },
    async stop(projectId) {
      await entries.get(projectId)?.supervisor.stop();
    },
    get: (projectId) => entries.get(projectId)?.supervisor.status() ?? null,
    close() {
      closing ??= (async () => {
        clearInterval(ticker);
        for (const stop of unsubscribe) stop();
        const why = 'The server was stopped';
        await Promise.all([...entries.values()].map(({ supervisor }) => supervisor.stop(why)));
      })();
      return closing;
    },
  };
}
